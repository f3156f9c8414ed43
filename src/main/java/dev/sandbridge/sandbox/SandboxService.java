package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.process.Signal;
import dev.sandbridge.provider.SandboxFiles.OpenFile;
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
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Everything a caller can do, one method each. Doors call nothing else.
 *
 * <p>Each method takes the authenticated caller and checks the id before anything is touched: an id that is forged or
 * belongs to somebody else is answered like one that never was (SANDBOX_NOT_FOUND), except by {@link #running}
 * (false) and {@link #delete} (nothing happens). "Revives" means that a deleted or expired id is brought back as a
 * fresh, empty sandbox; all other methods start nothing. Thread-safe; methods block and belong on virtual threads.
 */
public final class SandboxService implements AutoCloseable {
    private final Sandboxes sandboxes;
    private final Catalogue catalogue;
    private final Commands commands;
    private final ProcessTable processes;
    private final Usage usage = new Usage();
    private final Deadlines deadlines = new Deadlines();
    private final Clock clock;

    /** @param maxPerOwner how many sandboxes one owner may have at once */
    public SandboxService(Profiles profiles, SandboxIds ids, StateSealer sealer, Clock clock, int maxPerOwner) {
        this.sandboxes = new Sandboxes(profiles, ids, sealer, clock, maxPerOwner);
        this.catalogue = new Catalogue(profiles, sandboxes, ids, clock);
        this.commands = new Commands();
        this.processes = new ProcessTable(clock);
        this.clock = clock;
    }

    /** Makes a sandbox that is ready for commands, or answers with the owner's sandbox of that name. */
    public Created create(Caller caller, CreateSandbox request) {
        var made = sandboxes.create(caller, request);
        if (!made.getValue()) {
            touch(made.getKey());
        }
        return new Created(catalogue.view(made.getKey()), made.getValue());
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
        SandboxId id;
        Duration limit;
        try {
            id = sandboxes.verify(caller, ref);
            var found = sandboxes.find(id);
            if (found.isEmpty()) {
                return;
            }
            limit = found.get().state().timeouts().cleanup();
        } catch (SandboxException unknown) {
            if (unknown.code() == ErrorCode.SANDBOX_NOT_FOUND) {
                return;
            }
            throw unknown;
        }
        deadlines.quick(limit, "deleting the sandbox", () -> remove(id));
    }

    /** Whether the sandbox exists and holds its files. Cheap; never starts anything. */
    public boolean running(Caller caller, SandboxRef ref) {
        try {
            return sandboxes.find(sandboxes.verify(caller, ref)).isPresent();
        } catch (SandboxException unknown) {
            if (unknown.code() == ErrorCode.SANDBOX_NOT_FOUND) {
                return false;
            }
            throw unknown;
        }
    }

    /** Starts a command; revives. The caller runs and closes the answer. */
    public StartedExec exec(Caller caller, SandboxRef ref, ExecCall call) {
        SandboxId id = sandboxes.verify(caller, ref);
        var hold = usage.enter(id.name());
        try {
            var found = sandboxes.revive(caller, ref, id);
            touch(found);
            return commands.start(found, call, () -> {
                hold.close();
            });
        } catch (RuntimeException failed) {
            hold.close();
            throw failed;
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
        SandboxId id = sandboxes.verify(caller, ref);
        try (var hold = usage.enter(id.name())) {
            var found = sandboxes.require(id);
            touch(found);
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
        SandboxId id = sandboxes.verify(caller, ref);
        try (var hold = usage.enter(id.name())) {
            var found = sandboxes.revive(caller, ref, id);
            touch(found);
            return deadlines.within(found.state().timeouts().upload(), "writing the file", () -> found.handle()
                    .files()
                    .write(path, content, length, mode));
        }
    }

    public FileInfo stat(Caller caller, SandboxRef ref, WorkspacePath path, boolean follow) {
        return inFastOp(caller, ref, false, "reading the path", found -> found.handle()
                .files()
                .stat(path, follow));
    }

    public void listFiles(Caller caller, SandboxRef ref, WorkspacePath directory, Consumer<FileInfo> entry) {
        inFastOp(caller, ref, false, "listing the directory", found -> {
            found.handle().files().list(directory, entry);
            return directory;
        });
    }

    /** Revives. */
    public FileInfo makeDirectory(
            Caller caller, SandboxRef ref, WorkspacePath path, boolean parents, @Nullable Integer mode) {
        return inFastOp(caller, ref, true, "making the directory", found -> found.handle()
                .files()
                .makeDirectory(path, parents, mode));
    }

    public void deleteFile(Caller caller, SandboxRef ref, WorkspacePath path, boolean recursive) {
        inFastOp(caller, ref, false, "removing the file", found -> {
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
        String session = ShellSessions.checked(wanted == null ? "session-" + clock.millis() : wanted);
        return inFastOp(caller, ref, true, "opening the session", found -> {
            commands.openSession(found, session, directory, environment);
            return session;
        });
    }

    public void closeShellSession(Caller caller, SandboxRef ref, String session) {
        ShellSessions.checked(session);
        SandboxId id = sandboxes.verify(caller, ref);
        if (sandboxes.find(id).isPresent()) {
            inFastOp(caller, ref, false, "closing the session", found -> {
                commands.closeSession(found, session);
                return session;
            });
        }
    }

    /**
     * Starts a command that goes on after the call; revives. Its input stays open until {@link #writeStdin} ends
     * it.
     */
    public ProcessInfo startProcess(Caller caller, SandboxRef ref, ExecCall call, @Nullable String label) {
        return inFastOp(caller, ref, true, "starting the process", found -> processes
                .start(found.id().name(), label, () -> commands.launch(found, call, true))
                .info());
    }

    public List<ProcessInfo> processes(Caller caller, SandboxRef ref) {
        SandboxId id = sandboxes.require(sandboxes.verify(caller, ref)).id();
        return processes.list(id.name()).stream().map(BackgroundProcess::info).toList();
    }

    public ProcessInfo process(Caller caller, SandboxRef ref, String process) {
        return known(caller, ref, process).info();
    }

    /** Kept output from an offset on; waits for more at most so long. */
    public OutputPart processOutput(
            Caller caller,
            SandboxRef ref,
            String process,
            OutputSink.Channel channel,
            long offset,
            int maxBytes,
            Duration wait) {
        try {
            return known(caller, ref, process).output(channel, offset, maxBytes, wait);
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        }
    }

    /** Passes input on, for at most the upload limit; {@code end} closes the process's input afterwards. */
    public void writeStdin(Caller caller, SandboxRef ref, String process, InputStream bytes, boolean end)
            throws IOException {
        SandboxId id = sandboxes.verify(caller, ref);
        try (var hold = usage.enter(id.name())) {
            var found = sandboxes.require(id);
            var target = processes.get(id.name(), process);
            deadlines.within(found.state().timeouts().upload(), "writing to the process", () -> {
                target.write(bytes, end);
                return target;
            });
        }
    }

    public void signalProcess(Caller caller, SandboxRef ref, String process, Signal signal) {
        known(caller, ref, process).signal(signal);
    }

    public ProcessInfo waitForProcess(Caller caller, SandboxRef ref, String process, Duration wait) {
        BackgroundProcess target = known(caller, ref, process);
        try {
            target.await(wait);
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        }
        return target.info();
    }

    /** Ends the process and everything it started, and forgets it. */
    public void forgetProcess(Caller caller, SandboxRef ref, String process) {
        known(caller, ref, process);
        processes.forget(sandboxes.verify(caller, ref).name(), process);
    }

    public Health health() {
        return catalogue.health();
    }

    /** Removes sandboxes that nobody has used for their time; whatever is in use stays. Returns how many went. */
    public int deleteExpired() {
        return catalogue.expired().stream()
                .mapToInt(id -> usage.exclusively(id.name())
                        .map(hold -> {
                            try (hold) {
                                return catalogue.isExpired(id) && remove(id) ? 1 : 0;
                            }
                        })
                        .orElse(0))
                .sum();
    }

    @Override
    public void close() {
        deadlines.close();
    }

    private boolean remove(SandboxId id) {
        processes.forgetAll(id.name());
        boolean existed = sandboxes.delete(id);
        commands.forget(id.name());
        return existed;
    }

    private BackgroundProcess known(Caller caller, SandboxRef ref, String process) {
        return processes.get(
                sandboxes.require(sandboxes.verify(caller, ref)).id().name(), process);
    }

    private void touch(Sandboxes.Found found) {
        catalogue.touch(found);
    }

    private <T> T inFastOp(
            Caller caller, SandboxRef ref, boolean revive, String operation, Function<Sandboxes.Found, T> work) {
        SandboxId id = sandboxes.verify(caller, ref);
        try (var hold = usage.enter(id.name())) {
            var found = revive ? sandboxes.revive(caller, ref, id) : sandboxes.require(id);
            touch(found);
            return deadlines.quick(found.state().timeouts().fastOp(), operation, () -> work.apply(found));
        }
    }

    private static SandboxException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new SandboxException(ErrorCode.OPERATION_TIMEOUT, "the call was interrupted", cause);
    }
}
