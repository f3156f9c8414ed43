package dev.sandbridge.sandbox;

import dev.sandbridge.archive.ArchiveReport;
import dev.sandbridge.archive.TreePacker.Packed;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.sandbox.Sandboxes.Found;
import dev.sandbridge.sandbox.Visits.Visit;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.snapshot.Snapshot;
import dev.sandbridge.snapshot.SnapshotStore;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Workspaces kept beyond their sandboxes; the rules of {@link SandboxService} hold. */
public final class SnapshotService {
    private static final Duration SWEEP = Duration.ofHours(1);

    /** What is otherwise in an archive, but there; the rest of the kinds is left out of it or uncertain. */
    private static final Set<ArchiveReport.Kind> IN_THE_ARCHIVE = EnumSet.of(
            ArchiveReport.Kind.HARD_LINK_COPIED, ArchiveReport.Kind.LINK_REWRITTEN, ArchiveReport.Kind.TIME_CLAMPED);

    private final Visits visits;
    private final Deadlines deadlines;
    private final Trees trees;
    private final ArchiveReports reports;
    private final ArchiveSettings settings;
    private final SnapshotStore store;
    private final Clock clock;
    private final NameLocks refreshing = new NameLocks();
    private Instant nextSweep = Instant.EPOCH;

    /** @param skipped whether the workspace held exactly this already and was left alone */
    public record Restored(Snapshot snapshot, boolean skipped) {}

    /**
     * Which sandboxes one run takes snapshots of, whoever owns them.
     *
     * @param ids these sandboxes, or null for all that there are
     * @param labels what they must be labelled with; empty for any
     * @param limit how many the run goes into at most
     * @param left how long the run may still take, asked before each sandbox; where nothing is left the run ends
     */
    public record Run(@Nullable List<String> ids, Map<String, String> labels, int limit, Supplier<Duration> left) {
        public Run {
            if (limit < 1) {
                throw new IllegalArgumentException("a run goes into at least one sandbox");
            }
            ids = ids == null ? null : List.copyOf(ids);
            labels = Map.copyOf(labels);
        }
    }

    /**
     * What one run did. It can be repeated: what it did before is unchanged then.
     *
     * @param found how many sandboxes there were to go into
     * @param taken how many have a new snapshot
     * @param unchanged how many are what their newest snapshot holds
     * @param skipped how many were gone, had expired, or are not labelled as wanted
     * @param left how many this run did not come to
     * @param failures why the others, or whole lists of a provider, could not be dealt with
     */
    public record RunReport(
            int found, int taken, int unchanged, int skipped, int left, List<RuntimeException> failures) {
        public RunReport {
            failures = List.copyOf(failures);
        }
    }

    /** @param report number of the report that says what the snapshot holds otherwise than the workspace did */
    public record Made(Snapshot snapshot, long report) {}

    SnapshotService(
            Visits visits,
            Deadlines deadlines,
            Trees trees,
            ArchiveReports reports,
            ArchiveSettings settings,
            Clock clock) {
        this.visits = visits;
        this.deadlines = deadlines;
        this.trees = trees;
        this.reports = reports;
        this.settings = settings;
        this.store = settings.store();
        this.clock = clock;
    }

    /** Stores the workspace as it is; starts no sandbox. What cannot be in an archive is in the report. */
    public Made create(Caller caller, SandboxRef ref) {
        try (Visit visit = visits.enter(caller, ref)) {
            return create(visit.found());
        }
    }

    /** Of a sandbox that somebody holds already. */
    Made create(Found found) {
        try {
            Made made = deadlines
                    .within(
                            found.state().timeouts().archive(),
                            "making the snapshot",
                            () -> store(found, digest -> true))
                    .orElseThrow();
            retain(made.snapshot());
            return made;
        } catch (IOException failed) {
            throw notStored(failed);
        }
    }

    /**
     * Stores the workspace unless the newest snapshot holds exactly that.
     *
     * @param most how long it may take; the sandbox's own limit holds as well
     * @return the new snapshot, if it took one
     */
    Optional<Snapshot> refresh(Found found, Duration most) {
        Duration own = found.state().timeouts().archive();
        return refreshing.locked(found.id().name(), () -> {
            try {
                return deadlines.within(
                        own.compareTo(most) < 0 ? own : most, "making the snapshot", () -> refresh(found));
            } catch (IOException failed) {
                throw notStored(failed);
            }
        });
    }

    private Optional<Snapshot> refresh(Found found) throws IOException {
        Optional<String> newest = store.list(owner(found), found.id().name().text()).stream()
                .findFirst()
                .map(Snapshot::manifest);
        Optional<Snapshot> made =
                store(found, digest -> !newest.equals(Optional.of(digest))).map(Made::snapshot);
        if (made.isEmpty()) {
            return made;
        }
        List<Snapshot> all = store.list(made.get().owner(), made.get().sandbox());
        int before = all.indexOf(made.get()) + 1;
        if (before < all.size() && all.get(before).manifest().equals(made.get().manifest())) {
            // Another process stored the same meanwhile.
            store.delete(made.get().owner(), made.get().id());
            return Optional.empty();
        }
        retain(made.get());
        return made;
    }

    /** @param wanted told the manifest's digest; nothing is published of what it does not want */
    private Optional<Made> store(Found found, Predicate<String> wanted) throws IOException {
        try (SnapshotStore.Draft draft = store.begin()) {
            Packed packed = trees.pack(found, Set.of(), draft.archive());
            if (!wanted.test(packed.manifest().digest())) {
                return Optional.empty();
            }
            Snapshot stored = draft.publish(new SnapshotStore.Facts(
                    owner(found),
                    found.id().name().text(),
                    clock.instant(),
                    packed.manifest().digest(),
                    packed.manifest().entries(),
                    packed.manifest().bytes()));
            long number = reports.next();
            reports.keep(found.id().name(), number, packed);
            return Optional.of(new Made(stored, number));
        }
    }

    private static String owner(Found found) {
        return found.handle().spec().owner();
    }

    /** Newest first; also after the sandbox was deleted. */
    public List<Snapshot> list(Caller caller, SandboxRef ref) {
        SandboxId id = visits.own(caller, ref);
        return storing(() -> store.list(caller.owner().text(), id.name().text()));
    }

    public Snapshot describe(Caller caller, SandboxRef ref, String snapshot) {
        SandboxId id = visits.own(caller, ref);
        Snapshot found = find(caller, snapshot);
        if (!found.sandbox().equals(id.name().text())) {
            throw notFound();
        }
        return found;
    }

    /** Removes a snapshot; harmless for one that never was. */
    public void delete(Caller caller, SandboxRef ref, String snapshot) {
        SandboxId id = visits.own(caller, ref);
        storing(() -> store.find(caller.owner().text(), snapshot)
                        .filter(found -> found.sandbox().equals(id.name().text()))
                        .isPresent()
                && store.delete(caller.owner().text(), snapshot));
    }

    /**
     * Makes the workspace what a snapshot of any of the owner's sandboxes holds, all of it or nothing; revives. A
     * workspace that holds exactly that already is left alone.
     */
    public Restored restore(Caller caller, SandboxRef ref, String snapshot) {
        visits.own(caller, ref);
        Snapshot wanted = find(caller, snapshot);
        try (Visit visit = visits.revive(caller, ref)) {
            Found found = visit.found();
            return deadlines.within(found.state().timeouts().archive(), "restoring the snapshot", () -> {
                boolean same = holds(found, wanted);
                if (!same) {
                    unpack(found, wanted);
                }
                return new Restored(wanted, same);
            });
        } catch (IOException failed) {
            throw failed("the snapshot could not be read; the workspace is as it was", failed);
        }
    }

    private void unpack(Found found, Snapshot wanted) throws IOException {
        try (var archive = store.open(wanted)) {
            trees.unpack(found, archive, true, wanted.manifest());
        } catch (SandboxException refused) {
            if (!refused.details().containsKey("restore") && !refused.details().containsKey("rule")) {
                throw refused;
            }
            throw new SandboxException(
                            ErrorCode.SNAPSHOT_ERROR, "the snapshot is damaged; the workspace is as it was", refused)
                    .retry(Retry.NO)
                    .action("restore another one; whoever runs the service finds the cause in its store")
                    .details(refused.details());
        }
    }

    /**
     * Whether the workspace has the snapshot's fingerprint; never where it changed while it was taken, or holds what a
     * restore would take away. A workspace that cannot be read has none.
     */
    private boolean holds(Found found, Snapshot wanted) throws IOException {
        try {
            Packed live = trees.fingerprint(found);
            var counts = live.report().counts();
            return live.manifest().digest().equals(wanted.manifest()) && IN_THE_ARCHIVE.containsAll(counts.keySet());
        } catch (SandboxException unreadable) {
            if (unreadable.code() != ErrorCode.WORKSPACE_READ_FAILED && unreadable.code() != ErrorCode.FILE_NOT_FOUND) {
                throw unreadable;
            }
            return false;
        } catch (InterruptedIOException overtime) {
            throw overtime;
        } catch (IOException unreadable) {
            return false;
        }
    }

    /** Removes snapshots that are too old, now and then. Returns how many went. */
    int deleteOld() {
        Instant now = clock.instant();
        synchronized (this) {
            if (now.isBefore(nextSweep)) {
                return 0;
            }
            nextSweep = now.plus(SWEEP);
        }
        return storing(() -> {
            int count = 0;
            for (Snapshot old : store.olderThan(now.minus(settings.maxAge()))) {
                count += store.delete(old.owner(), old.id()) ? 1 : 0;
            }
            store.tidy();
            return count;
        });
    }

    /** Has older ones give way; what cannot be removed now is tried again with the next snapshot. */
    private void retain(Snapshot made) {
        try {
            List<Snapshot> all = store.list(made.owner(), made.sandbox());
            for (Snapshot old : all.subList(Math.min(settings.keep(), all.size()), all.size())) {
                if (!old.id().equals(made.id())) {
                    store.delete(old.owner(), old.id());
                }
            }
        } catch (IOException tooMany) {
            // The new one is stored all the same.
        }
    }

    private Snapshot find(Caller caller, String snapshot) {
        return storing(() -> store.find(caller.owner().text(), snapshot)).orElseThrow(SnapshotService::notFound);
    }

    private static SandboxException notFound() {
        return new SandboxException(ErrorCode.SNAPSHOT_NOT_FOUND, "no such snapshot")
                .action("list the sandbox's snapshots");
    }

    private static <T> T storing(Deadlines.Work<T> work) {
        try {
            return work.run();
        } catch (IOException failed) {
            throw failed("the snapshot store failed", failed);
        }
    }

    private static SandboxException notStored(IOException cause) {
        return failed("the snapshot could not be stored; the sandbox is as it was", cause);
    }

    private static SandboxException failed(String message, IOException cause) {
        return new SandboxException(ErrorCode.SNAPSHOT_ERROR, message, cause)
                .action("try again; whoever runs the service finds the cause in its log");
    }
}
