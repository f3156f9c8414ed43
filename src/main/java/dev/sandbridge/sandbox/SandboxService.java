package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.StateSealer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything a caller can do, one method each. Doors call nothing else.
 *
 * <p>Each method takes the authenticated caller and checks the id before anything is touched: an id that is forged or
 * belongs to somebody else is answered like one that never was (SANDBOX_NOT_FOUND), except by {@link #running}
 * (false) and {@link #delete} (nothing happens). An admin describes, lists, updates and deletes everybody's sandboxes;
 * working in one is for its owner's keys (FORBIDDEN). "Revives" means that a deleted or expired id is brought back as a
 * fresh, empty sandbox; all other methods start nothing. Thread-safe; methods block and belong on virtual threads.
 */
public final class SandboxService implements AutoCloseable {
    private final Profiles profiles;
    private final Sandboxes sandboxes;
    private final Catalogue catalogue;
    private final Visits visits;
    private final Removal removal;
    private final Commands commands = new Commands();
    private final FileService files;
    private final ProcessService processes;
    private final ToolTerminalService toolTerminals;
    private final ProcessTable table;
    private final ToolTerminals tools;
    private final TerminalService terminals;
    private final NamedTerminals named;
    private final ArchiveService archives;
    private final SnapshotService snapshots;
    private final SnapshotRuns snapshotRuns;
    private final PortService ports;
    private final Usage usage = new Usage();
    private final Renewals renewals;
    private final Deadlines deadlines = new Deadlines();
    private final AtomicLong lastSession = new AtomicLong();
    private final Clock clock;

    /**
     * @param maxPerOwner how many sandboxes one owner may have at once
     * @param makingLimit how long a caller waits for a new sandbox at most
     */
    public SandboxService(
            Profiles profiles,
            SandboxIds ids,
            StateSealer sealer,
            Clock clock,
            int maxPerOwner,
            ArchiveSettings archives,
            Duration makingLimit) {
        this.profiles = profiles;
        this.clock = clock;
        var memory = new MemoryBudget(Runtime.getRuntime().maxMemory() / 8);
        this.table = new ProcessTable(clock, memory);
        this.tools = new ToolTerminals(clock, new SplittableRandom());
        this.named = new NamedTerminals(clock, memory);
        this.sandboxes = new Sandboxes(profiles, ids, sealer, clock, new Quota(maxPerOwner), deadlines, makingLimit);
        this.catalogue = new Catalogue(profiles, sandboxes, ids, clock, usage);
        this.removal = new Removal(profiles, sandboxes, catalogue, ids, this::forget, usage, deadlines);
        this.renewals = new Renewals(catalogue);
        this.visits = new Visits(sandboxes, catalogue, usage, removal, renewals, deadlines);
        this.files = new FileService(visits, deadlines);
        this.processes = new ProcessService(visits, commands, table, deadlines);
        this.toolTerminals = new ToolTerminalService(visits, commands, tools, deadlines, clock, memory);
        this.terminals = new TerminalService(visits, commands, named, deadlines);
        var trees = new Trees(archives.limits(), archives.manifests());
        var reports = new ArchiveReports(clock);
        this.archives = new ArchiveService(visits, deadlines, trees, reports, archives.manifests());
        this.snapshots = new SnapshotService(visits, deadlines, trees, reports, archives, clock);
        this.snapshotRuns = new SnapshotRuns(profiles, ids, visits, catalogue, snapshots, new SplittableRandom());
        this.ports = new PortService(visits);
    }

    public FileService files() {
        return files;
    }

    public ProcessService processes() {
        return processes;
    }

    public ToolTerminalService toolTerminals() {
        return toolTerminals;
    }

    public TerminalService terminals() {
        return terminals;
    }

    public ArchiveService archives() {
        return archives;
    }

    public SnapshotService snapshots() {
        return snapshots;
    }

    public PortService ports() {
        return ports;
    }

    /** Makes a sandbox that is ready for commands, or answers with the owner's sandbox of that name. */
    public Created create(Caller caller, CreateSandbox request) {
        Sandboxes.Made made = visits.create(caller, request);
        return new Created(catalogue.view(made.found()), made.created());
    }

    public SandboxView describe(Caller caller, SandboxRef ref) {
        return catalogue.view(living(sandboxes.verify(caller, ref)));
    }

    public Page<SandboxView> list(Caller caller, SandboxQuery query) {
        return catalogue.list(caller, query);
    }

    /** Changes labels, life or expiry; the time of removal can be moved both ways. */
    public SandboxView update(Caller caller, SandboxRef ref, SandboxUpdate update) {
        SandboxId id = sandboxes.verify(caller, ref);
        // Before it counts as in use by this.
        living(id);
        try (var hold = usage.enter(id.name())) {
            return catalogue.view(catalogue.update(sandboxes.require(id), update));
        }
    }

    /** Ends everything in the sandbox and removes it. Calling it again, or for what never was, is harmless. */
    public void delete(Caller caller, SandboxRef ref) {
        try {
            SandboxId id = sandboxes.verify(caller, ref);
            visits.settle(id.name());
            removal.delete(id);
        } catch (SandboxException unknown) {
            if (unknown.code() != ErrorCode.SANDBOX_NOT_FOUND) {
                throw unknown;
            }
        }
    }

    /** Whether the sandbox exists, holds its files and is not about to expire. Cheap; never starts anything. */
    public boolean running(Caller caller, SandboxRef ref) {
        return existing(caller, ref).filter(catalogue::isAlive).isPresent();
    }

    /** As {@link #exec(Caller, SandboxRef, ExecCall, Consumer)}, for a caller who stays. */
    public StartedExec exec(Caller caller, SandboxRef ref, ExecCall call) {
        return exec(caller, ref, call, leaving -> {});
    }

    /**
     * Starts a command; revives. The caller runs and closes the answer.
     *
     * @param whenGone is told what to do when the caller leaves before the command has begun: nothing is started then
     */
    public StartedExec exec(Caller caller, SandboxRef ref, ExecCall call, Consumer<Runnable> whenGone) {
        Visits.Visit visit = visits.recall(caller, ref, true);
        boolean started = false;
        try {
            StartedExec exec = commands.start(visit, call, whenGone);
            started = true;
            return exec;
        } finally {
            if (!started) {
                visit.close();
            }
        }
    }

    /** Makes a shell session, or changes directory and environment of an existing one; revives. */
    public String openShellSession(
            Caller caller,
            SandboxRef ref,
            @Nullable String wanted,
            @Nullable String directory,
            Map<String, String> environment) {
        String session = ShellSessions.checked(wanted == null ? newSession() : wanted);
        return visits.revive(caller, ref).quickly("opening the session", found -> {
            commands.openSession(found, session, directory, environment);
            return session;
        });
    }

    /** Forgets a session; harmless for one that never was. */
    public void closeShellSession(Caller caller, SandboxRef ref, String session) {
        ShellSessions.checked(session);
        if (existing(caller, ref).isPresent()) {
            visits.enter(caller, ref).quickly("closing the session", found -> {
                commands.closeSession(found, session);
                return session;
            });
        }
    }

    public Health health() {
        return catalogue.health();
    }

    /**
     * Ends what runs in the background, takes a snapshot and deletes. Without a snapshot the sandbox stays and the
     * failure is thrown: also where calls go on in it (CONFLICT), whose work would be in neither.
     *
     * @param pause whether the sandbox stays anyway, until its expiry, with its files
     */
    public Optional<SnapshotService.Made> exit(Caller caller, SandboxRef ref, boolean snapshot, boolean pause) {
        if (!snapshot && !pause) {
            delete(caller, ref);
            return Optional.empty();
        }
        if (existing(caller, ref).isEmpty()) {
            return Optional.empty();
        }
        Sandboxes.Found there = visits.enter(caller, ref).quickly("ending what runs in the background", found -> {
            forget(found.id().name());
            return found;
        });
        if (pause) {
            return snapshot ? Optional.of(snapshots.create(caller, ref)) : Optional.empty();
        }
        try (var alone = removal.alone(there)) {
            var made = snapshots.create(there);
            removal.delete(
                    profiles.provider(there.id().provider()), there.handle().spec());
            return Optional.of(made);
        }
    }

    /** Removes sandboxes that nobody has used for their time; whatever is in use in this process stays. */
    public Reaped reap(Reaping wish) {
        return removal.reap(wish);
    }

    /**
     * Takes snapshots of sandboxes that are not what their newest snapshot holds. For the service itself: no sandbox
     * lives longer by it, and none is brought back.
     */
    public SnapshotService.RunReport snapshotAll(SnapshotService.Run wish) {
        return snapshotRuns.run(wish);
    }

    /**
     * Removes all of them, and snapshots that are too old; how many sandboxes went.
     *
     * @throws RuntimeException the first failure, the others with it, after all were tried
     */
    public int deleteExpired() {
        Reaped reaped = reap(Reaping.ALL);
        snapshots.deleteOld();
        var failures = new ArrayList<>(reaped.failures());
        if (!failures.isEmpty()) {
            RuntimeException first = failures.removeFirst();
            failures.forEach(first::addSuppressed);
            throw first;
        }
        return reaped.removed();
    }

    @Override
    public void close() {
        tools.endAll();
        named.endAll();
        renewals.close();
        deadlines.close();
    }

    /** What is remembered of a sandbox goes with it. */
    private void forget(SandboxName sandbox) {
        table.forgetAll(sandbox);
        tools.forgetAll(sandbox);
        named.forgetAll(sandbox);
    }

    /** A sandbox that was not swept yet, but might be at any moment, is gone by right. */
    private Sandboxes.Found living(SandboxId id) {
        Sandboxes.Found found = sandboxes.require(id);
        if (!catalogue.isAlive(found.handle().spec())) {
            throw Sandboxes.notFound();
        }
        return found;
    }

    /** Empty for what is not there, and the same for an id that is forged or somebody else's. */
    private Optional<SandboxSpec> existing(Caller caller, SandboxRef ref) {
        try {
            return sandboxes.handle(sandboxes.verify(caller, ref)).map(SandboxHandle::spec);
        } catch (SandboxException unknown) {
            if (unknown.code() == ErrorCode.SANDBOX_NOT_FOUND) {
                return Optional.empty();
            }
            throw unknown;
        }
    }

    /** Unique while this service runs, in the contract's form. */
    private String newSession() {
        return "session-" + lastSession.updateAndGet(last -> Math.max(last + 1, clock.millis()));
    }
}
