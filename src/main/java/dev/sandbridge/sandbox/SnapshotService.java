package dev.sandbridge.sandbox;

import dev.sandbridge.archive.ArchiveReport;
import dev.sandbridge.archive.TreePacker.Packed;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.sandbox.Sandboxes.Found;
import dev.sandbridge.sandbox.Visits.Visit;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.snapshot.Snapshot;
import dev.sandbridge.snapshot.SnapshotStore;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** Workspaces kept beyond their sandboxes; the rules of {@link SandboxService} hold. */
public final class SnapshotService {
    private static final Duration SWEEP = Duration.ofHours(1);

    private final Visits visits;
    private final Deadlines deadlines;
    private final Trees trees;
    private final ArchiveSettings settings;
    private final SnapshotStore store;
    private final Clock clock;
    private Instant nextSweep = Instant.EPOCH;

    /** @param skipped whether the workspace held exactly this already and was left alone */
    public record Restored(Snapshot snapshot, boolean skipped) {}

    SnapshotService(Visits visits, Deadlines deadlines, Trees trees, ArchiveSettings settings, Clock clock) {
        this.visits = visits;
        this.deadlines = deadlines;
        this.trees = trees;
        this.settings = settings;
        this.store = settings.store();
        this.clock = clock;
    }

    /** Stores the workspace as it is; starts no sandbox. What cannot be in an archive is in the report. */
    public Snapshot create(Caller caller, SandboxRef ref) {
        try (Visit visit = visits.enter(caller, ref)) {
            Found found = visit.found();
            Snapshot made = deadlines.within(
                    found.state().timeouts().archive(), "making the snapshot", () -> store(caller, found));
            retain(made);
            return made;
        } catch (IOException failed) {
            throw failed("the snapshot could not be stored; the sandbox is as it was", failed);
        }
    }

    private Snapshot store(Caller caller, Found found) throws IOException {
        try (SnapshotStore.Draft draft = store.begin()) {
            Packed packed = trees.pack(found, Set.of(), draft.archive(), entry -> {});
            return draft.publish(new SnapshotStore.Facts(
                    caller.owner().text(),
                    found.id().name().text(),
                    clock.instant(),
                    packed.manifest().digest(),
                    packed.manifest().entries(),
                    packed.manifest().bytes()));
        }
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
                    try (var archive = store.open(wanted)) {
                        trees.unpack(found, archive, true, wanted.manifest());
                    }
                }
                return new Restored(wanted, same);
            });
        } catch (IOException failed) {
            throw failed("the snapshot could not be read; the workspace is as it was", failed);
        }
    }

    /** Whether the workspace has the snapshot's fingerprint; never where it changed while it was taken. */
    private boolean holds(Found found, Snapshot wanted) throws IOException {
        Packed live = trees.pack(found, Set.of(), OutputStream.nullOutputStream(), entry -> {});
        var counts = live.report().counts();
        return live.manifest().digest().equals(wanted.manifest())
                && !counts.containsKey(ArchiveReport.Kind.CHANGED)
                && !counts.containsKey(ArchiveReport.Kind.VANISHED);
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
            return count;
        });
    }

    private void retain(Snapshot made) throws IOException {
        List<Snapshot> all = store.list(made.owner(), made.sandbox());
        for (Snapshot old : all.subList(Math.min(settings.keep(), all.size()), all.size())) {
            if (!old.id().equals(made.id())) {
                store.delete(old.owner(), old.id());
            }
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

    private static SandboxException failed(String message, IOException cause) {
        return new SandboxException(ErrorCode.SNAPSHOT_ERROR, message, cause)
                .action("try again; whoever runs the service finds the cause in its log");
    }
}
