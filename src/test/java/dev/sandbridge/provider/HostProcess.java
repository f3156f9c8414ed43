package dev.sandbridge.provider;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/** A process of this machine, in a session and process group of its own, and all that descends from it. */
final class HostProcess implements RunningCommand {
    private static final String STANDARD_PATH = "/usr/local/bin:/usr/bin:/bin";

    private final Process process;
    private final long tag;
    private final HostInput stdin;
    private final HostOutput stdout;
    private final HostOutput stderr;
    private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();

    private HostProcess(Process process, long tag, OutputStream stdin, HostOutput stdout, HostOutput stderr) {
        this.process = process;
        this.tag = tag;
        this.stdin = new HostInput(stdin);
        this.stdout = stdout;
        this.stderr = stderr;
        process.onExit().thenAccept(ended -> exit.complete(status(ended.exitValue())));
    }

    /**
     * Starts a command.
     *
     * @param directory of the host
     * @param pipes where two named pipes may be made
     */
    static HostProcess start(Command command, File directory, Path pipes, long tag) {
        try {
            Path out = pipes.resolve(tag + ".out");
            Path err = pipes.resolve(tag + ".err");
            new ProcessBuilder("mkfifo", out.toString(), err.toString()).start().waitFor();
            var stdout = new HostOutput(out);
            var stderr = new HostOutput(err);
            var builder = builder(command, directory, tag, List.of())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            if (!command.stdin()) {
                builder.redirectInput(new File("/dev/null"));
            }
            try {
                var process = builder.start();
                return new HostProcess(process, tag, process.getOutputStream(), stdout, stderr);
            } finally {
                Files.delete(out);
                Files.delete(err);
            }
        } catch (IOException refused) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "the command cannot be started", refused);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "interrupted", interrupted);
        }
    }

    /**
     * Starts a command on a terminal, which becomes its controlling one because its session's leader opens it; closes
     * the terminal when that fails.
     */
    static HostProcess start(Command command, File directory, HostPty pty, long tag) {
        try {
            var onTerminal = List.of("sh", "-c", "exec <>\"$0\" >&0 2>&0 && exec \"$@\"", pty.path());
            var nothing = new File("/dev/null");
            var builder = builder(command, directory, tag, onTerminal)
                    .redirectInput(nothing)
                    .redirectOutput(nothing)
                    .redirectError(nothing);
            builder.environment().putIfAbsent("TERM", "xterm-256color");
            var process = builder.start();
            awaitTerminal(process);
            return new HostProcess(
                    process, tag, pty.out(), new HostOutput(pty::in), new HostOutput(InputStream::nullInputStream));
        } catch (IOException refused) {
            pty.close();
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "the command cannot be started", refused);
        }
    }

    /** What is typed before a process has its terminal, an interrupt above all, reaches nobody. */
    private static void awaitTerminal(Process process) throws IOException {
        Path facts = Path.of("/proc", Long.toString(process.pid()), "stat");
        while (process.isAlive()) {
            String line;
            try {
                line = Files.readString(facts);
            } catch (IOException ended) {
                return;
            }
            String terminal = line.substring(line.lastIndexOf(')') + 2).split(" ", -1)[4];
            if (!terminal.equals("0")) {
                return;
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /**
     * Tests may run under nohup, whose ignored signals every child would inherit. The command's own PATH is for it
     * alone: what comes before it has to be found.
     */
    private static ProcessBuilder builder(Command command, File directory, long tag, List<String> before) {
        var argv = new ArrayList<>(List.of("prlimit", "--locks=" + tag + ":" + tag, "--", "setsid", "--"));
        argv.addAll(before);
        argv.addAll(List.of(
                "env", "--default-signal", "PATH=" + command.environment().getOrDefault("PATH", STANDARD_PATH)));
        argv.addAll(command.argv());
        var builder = new ProcessBuilder(argv).directory(directory);
        builder.environment().clear();
        builder.environment().put("HOME", "/nonexistent");
        builder.environment().putAll(command.environment());
        builder.environment().put("PATH", STANDARD_PATH);
        return builder;
    }

    @Override
    public int pid() {
        return (int) process.pid();
    }

    @Override
    public OutputStream stdin() {
        return stdin;
    }

    @Override
    public InputStream stdout() {
        return stdout;
    }

    @Override
    public InputStream stderr() {
        return stderr;
    }

    @Override
    public CompletableFuture<ExitStatus> exit() {
        return exit.copy();
    }

    @Override
    public void signal(Signal signal) {
        if (!process.isAlive()) {
            return;
        }
        try {
            new ProcessBuilder("bash", "-c", "kill -" + signal.number() + " -- -" + pid())
                    .redirectErrorStream(true)
                    .start()
                    .waitFor();
        } catch (IOException broken) {
            throw new IllegalStateException("no bash", broken);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void kill() {
        end();
        exit.handle((status, lost) -> true).join();
    }

    /**
     * The first process by its handle, for it may not have its tag yet; then all that descends from it. Its end is
     * awaited last: the JDK sees it only when nobody writes to it any more.
     */
    private void end() {
        process.toHandle().destroyForcibly();
        ProcessTags.kill(found -> found == tag);
        process.onExit().join();
    }

    @Override
    public void close() {
        stdout.close();
        stderr.close();
        stdin.close();
    }

    /** The sandbox goes; how the command ends is nobody's business any more. */
    void lose() {
        exit.completeExceptionally(
                new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "the sandbox was deleted under the command"));
        end();
    }

    private static ExitStatus status(int code) {
        return code > 128 && code <= 128 + 64 ? ExitStatus.killed(code - 128) : ExitStatus.exited(code);
    }
}
