package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.process.Signal;
import dev.sandbridge.provider.SandboxFiles.OpenFile;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.sandbox.Sandboxes.Found;
import dev.sandbridge.sandbox.Visits.Visit;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.StateSealer;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
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
    /** The contract's clients wait for a new sandbox for two minutes (statement 22). */
    private static final Duration MAKING_LIMIT = Duration.ofSeconds(110);

    private final Profiles profiles;
    private final Sandboxes sandboxes;
    private final Catalogue catalogue;
    private final Visits visits;
    private final Removal removal;
    private final Commands commands = new Commands();
    private final ProcessTable processes;
    private final Usage usage = new Usage();
    private final Deadlines deadlines = new Deadlines();
    private final AtomicLong lastSession = new AtomicLong();
    private final Clock clock;

    /** @param maxPerOwner how many sandboxes one owner may have at once */
    public SandboxService(Profiles profiles, SandboxIds ids, StateSealer sealer, Clock clock, int maxPerOwner) {
        this(profiles, ids, sealer, clock, maxPerOwner, MAKING_LIMIT);
    }

    SandboxService(
            Profiles profiles, SandboxIds ids, StateSealer sealer, Clock clock, int maxPerOwner, Duration makingLimit) {
        this.profiles = profiles;
        this.clock = clock;
        this.processes =
                new ProcessTable(clock, new OutputMemory(Runtime.getRuntime().maxMemory() / 8));
        this.sandboxes = new Sandboxes(profiles, ids, sealer, clock, new Quota(maxPerOwner), deadlines, makingLimit);
        this.catalogue = new Catalogue(profiles, sandboxes, ids, clock);
        this.visits = new Visits(sandboxes, catalogue, usage);
        this.removal = new Removal(profiles, sandboxes, catalogue, ids, processes, usage, deadlines);
    }

    /** Makes a sandbox that is ready for commands, or answers with the owner's sandbox of that name. */
    public Created create(Caller caller, CreateSandbox request) {
        Sandboxes.Made made = visits.create(caller, request);
        return new Created(catalogue.view(made.found()), made.created());
    }

    public SandboxView describe(Caller caller, SandboxRef ref) {
        return catalogue.view(sandboxes.require(sandboxes.verify(caller, ref)));
    }

    public Page<SandboxView> list(Caller caller, SandboxQuery query) {
        return catalogue.list(caller, query);
    }

    /** Changes labels, life or expiry; the time of removal can be moved both ways. */
    public SandboxView update(Caller caller, SandboxRef ref, SandboxUpdate update) {
        SandboxId id = sandboxes.verify(caller, ref);
        try (var hold = usage.enter(id.name())) {
            return catalogue.view(catalogue.update(sandboxes.require(id), update));
        }
    }

    /** Ends everything in the sandbox and removes it. Calling it again, or for what never was, is harmless. */
    public void delete(Caller caller, SandboxRef ref) {
        existing(caller, ref)
                .ifPresent(spec -> removal.delete(
                        profiles.provider(sandboxes.verify(caller, ref).provider()), spec));
    }

    /** Whether the sandbox exists, holds its files and is not about to expire. Cheap; never starts anything. */
    public boolean running(Caller caller, SandboxRef ref) {
        return existing(caller, ref)
                .filter(spec -> usage.isUsed(spec.name()) || !catalogue.isExpired(spec))
                .isPresent();
    }

    /** Starts a command; revives. The caller runs and closes the answer. */
    public StartedExec exec(Caller caller, SandboxRef ref, ExecCall call) {
        Visits.Visit visit = visits.revive(caller, ref);
        boolean started = false;
        try {
            StartedExec exec = commands.start(visit.found(), call, visit::close);
            started = true;
            return exec;
        } finally {
            if (!started) {
                visit.close();
            }
        }
    }

    /** What is done with an open file. */
    @FunctionalInterface
    public interface FileReader<T> {
        T accept(OpenFile file) throws IOException;
    }

    /** Opens a regular file for as long as the reader runs, at most the download limit. */
    public <T> T read(Caller caller, SandboxRef ref, WorkspacePath path, long offset, long length, FileReader<T> reader)
            throws IOException {
        try (Visit visit = visits.enter(caller, ref)) {
            Found found = visit.found();
            return deadlines.within(found.state().timeouts().download(), "reading the file", () -> {
                try (OpenFile file = found.handle().files().read(path, offset, length)) {
                    return reader.accept(file);
                }
            });
        }
    }

    /** Writes a file whole or not at all; revives. See {@link dev.sandbridge.provider.SandboxFiles#write}. */
    public FileInfo write(
            Caller caller, SandboxRef ref, WorkspacePath path, InputStream content, long length, @Nullable Integer mode)
            throws IOException {
        try (Visit visit = visits.revive(caller, ref)) {
            Found found = visit.found();
            return deadlines.within(found.state().timeouts().upload(), "writing the file", () -> found.handle()
                    .files()
                    .write(path, content, length, mode));
        }
    }

    public FileInfo stat(Caller caller, SandboxRef ref, WorkspacePath path, boolean follow) {
        return quickly(visits.enter(caller, ref), "reading the path", found -> found.handle()
                .files()
                .stat(path, follow));
    }

    public void listFiles(Caller caller, SandboxRef ref, WorkspacePath directory, Consumer<FileInfo> entry) {
        quickly(visits.enter(caller, ref), "listing the directory", found -> {
            found.handle().files().list(directory, entry);
            return directory;
        });
    }

    /** Revives. */
    public FileInfo makeDirectory(
            Caller caller, SandboxRef ref, WorkspacePath path, boolean parents, @Nullable Integer mode) {
        return quickly(visits.revive(caller, ref), "making the directory", found -> found.handle()
                .files()
                .makeDirectory(path, parents, mode));
    }

    public void deleteFile(Caller caller, SandboxRef ref, WorkspacePath path, boolean recursive) {
        if (path.isRoot()) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "the workspace itself cannot be removed")
                    .action("remove what is in it, or delete the sandbox");
        }
        quickly(visits.enter(caller, ref), "removing the file", found -> {
            found.handle().files().delete(path, recursive);
            return path;
        });
    }

    /** Makes a shell session, or changes directory and environment of an existing one; revives. */
    public String openShellSession(
            Caller caller,
            SandboxRef ref,
            @Nullable String wanted,
            @Nullable String directory,
            Map<String, String> environment) {
        String session = ShellSessions.checked(wanted == null ? newSession() : wanted);
        return quickly(visits.revive(caller, ref), "opening the session", found -> {
            commands.openSession(found, session, directory, environment);
            return session;
        });
    }

    /** Forgets a session; harmless for one that never was. */
    public void closeShellSession(Caller caller, SandboxRef ref, String session) {
        ShellSessions.checked(session);
        if (existing(caller, ref).isPresent()) {
            quickly(visits.enter(caller, ref), "closing the session", found -> {
                commands.closeSession(found, session);
                return session;
            });
        }
    }

    /**
     * Starts a command that goes on after the call; revives. Its input stays open until {@link #writeStdin} ends it.
     */
    public ProcessInfo startProcess(Caller caller, SandboxRef ref, ExecCall call, @Nullable String label) {
        return quickly(visits.revive(caller, ref), "starting the process", found -> processes
                .start(found.id().name(), label, () -> commands.launch(found, call))
                .info());
    }

    public List<ProcessInfo> processes(Caller caller, SandboxRef ref) {
        return quickly(
                visits.enter(caller, ref),
                "listing the processes",
                found -> processes.list(found.id().name()).stream()
                        .map(BackgroundProcess::info)
                        .toList());
    }

    public ProcessInfo process(Caller caller, SandboxRef ref, String process) {
        return quickly(visits.enter(caller, ref), "reading the process", found -> known(found, process)
                .info());
    }

    /**
     * Kept output from an offset on; waits for more at most so long.
     *
     * @param offset at least 0
     * @param maxBytes at least 1
     */
    public OutputPart processOutput(
            Caller caller,
            SandboxRef ref,
            String process,
            OutputSink.Channel channel,
            long offset,
            int maxBytes,
            Duration wait) {
        if (offset < 0 || maxBytes < 1) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "offset must be 0 or more, the size 1 or more");
        }
        try (Visit visit = visits.enter(caller, ref)) {
            return known(visit.found(), process).output(channel, offset, maxBytes, wait);
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        }
    }

    /** Passes input on, for at most the upload limit; {@code end} closes the process's input afterwards. */
    public void writeStdin(Caller caller, SandboxRef ref, String process, InputStream bytes, boolean end)
            throws IOException {
        try (Visit visit = visits.enter(caller, ref)) {
            BackgroundProcess target = known(visit.found(), process);
            deadlines.within(visit.found().state().timeouts().upload(), "writing to the process", () -> {
                target.write(bytes, end);
                return target;
            });
        }
    }

    public void signalProcess(Caller caller, SandboxRef ref, String process, Signal signal) {
        quickly(visits.enter(caller, ref), "signalling the process", found -> {
            known(found, process).signal(signal);
            return process;
        });
    }

    public ProcessInfo waitForProcess(Caller caller, SandboxRef ref, String process, Duration wait) {
        try (Visit visit = visits.enter(caller, ref)) {
            BackgroundProcess target = known(visit.found(), process);
            target.await(wait);
            return target.info();
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        }
    }

    /** Ends the process and everything it started, and forgets it. */
    public void forgetProcess(Caller caller, SandboxRef ref, String process) {
        quickly(visits.enter(caller, ref), "ending the process", found -> {
            processes.forget(found.id().name(), process);
            return process;
        });
    }

    public Health health() {
        return catalogue.health();
    }

    /** Removes sandboxes that nobody has used for their time; whatever is in use stays. Returns how many went. */
    public int deleteExpired() {
        return removal.deleteExpired();
    }

    @Override
    public void close() {
        deadlines.close();
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

    private BackgroundProcess known(Found found, String process) {
        return processes.get(found.id().name(), process);
    }

    /** Unique while this service runs, in the contract's form. */
    private String newSession() {
        return "session-" + lastSession.updateAndGet(last -> Math.max(last + 1, clock.millis()));
    }

    private <T> T quickly(Visit visit, String operation, Function<Found, T> work) {
        try (visit) {
            Found found = visit.found();
            return deadlines.quick(found.state().timeouts().fastOp(), operation, () -> work.apply(found));
        }
    }

    private static SandboxException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new SandboxException(ErrorCode.OPERATION_TIMEOUT, "the call was interrupted", cause);
    }
}
