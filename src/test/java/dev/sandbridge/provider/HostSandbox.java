package dev.sandbridge.provider;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A directory and the processes started in it. */
final class HostSandbox implements SandboxHandle {
    private static final int COMMANDS = 20;

    private final HostProvider.Disk disk;
    private final SandboxName name;
    private final HostFiles files;
    private final HostTree tree;
    private final long tags;
    private final AtomicInteger commands = new AtomicInteger();
    private final Queue<HostProcess> running = new ConcurrentLinkedQueue<>();

    HostSandbox(HostProvider.Disk disk, SandboxName name) {
        this.disk = disk;
        this.name = name;
        this.files = new HostFiles(disk.directory(name), this::require);
        this.tree = new HostTree(
                disk.directory(name).resolve("workspace"), disk.directory(name).resolve("staging"), this::require);
        this.tags = 1L << 62 | disk.number(name) << COMMANDS;
    }

    @Override
    public SandboxSpec spec() {
        SandboxSpec spec = disk.specs().get(name);
        if (spec == null) {
            throw gone();
        }
        return spec;
    }

    @Override
    public RunningCommand start(Command command) {
        Path directory = directoryOf(command);
        synchronized (this) {
            return keep(HostProcess.start(command, directory.toFile(), disk.directory(name), nextTag()));
        }
    }

    @Override
    public Optional<SandboxTerminals> terminals() {
        return Optional.of(this::start);
    }

    private Terminal start(Command command, TerminalSize size) {
        Path directory = directoryOf(command);
        synchronized (this) {
            long tag = nextTag();
            try {
                var pty = new HostPty(size);
                return new HostTerminal(keep(HostProcess.start(command, directory.toFile(), pty, tag)), pty);
            } catch (IOException failed) {
                throw new SandboxException(ErrorCode.CAPACITY_EXCEEDED, "no terminal is left", failed);
            }
        }
    }

    private Path directoryOf(Command command) {
        require();
        if (command.user() != null) {
            throw new SandboxException(ErrorCode.CAPABILITY_UNAVAILABLE, "no other users here");
        }
        Path directory = files.resolve(command.directory(), true);
        if (!Files.isDirectory(directory)) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "no such working directory");
        }
        return directory;
    }

    private long nextTag() {
        require();
        return tags | commands.incrementAndGet();
    }

    private HostProcess keep(HostProcess process) {
        running.removeIf(other -> other.exit().isDone());
        running.add(process);
        return process;
    }

    @Override
    public SandboxFiles files() {
        return files;
    }

    @Override
    public Optional<SandboxTree> tree() {
        return Optional.of(tree);
    }

    @Override
    public void update(Map<String, String> labels, String state, Instant expiresAt) {
        if (disk.specs().computeIfPresent(name, (key, spec) -> spec.with(labels, state, expiresAt)) == null) {
            throw gone();
        }
    }

    @Override
    public Optional<String> limitReached() {
        return Optional.empty();
    }

    synchronized void create(SandboxSpec spec) {
        if (disk.specs().containsKey(name)) {
            throw new SandboxException(ErrorCode.CONFLICT, "the name is taken");
        }
        disk.make(name);
        disk.specs().put(name, spec);
    }

    boolean hasProcesses() {
        return ProcessTags.any(this::isOwn);
    }

    /** Ends everything; whether the sandbox was there. */
    synchronized boolean delete() {
        boolean existed = disk.specs().remove(name) != null;
        if (existed) {
            end();
            disk.remove(name);
        }
        return existed;
    }

    synchronized void end() {
        running.forEach(HostProcess::lose);
        running.clear();
        ProcessTags.kill(this::isOwn);
    }

    private boolean isOwn(long tag) {
        return tag >> COMMANDS == tags >> COMMANDS;
    }

    private void require() {
        spec();
    }

    private static SandboxException gone() {
        return new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "no such sandbox");
    }
}
