package dev.sandbridge.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A real process of this machine behind the port, without any isolation: for tests of what stands above providers. */
public final class HostCommand implements RunningCommand {
    private final Process process;

    public HostCommand(String... argv) throws IOException {
        process = new ProcessBuilder(List.of(argv)).start();
    }

    @Override
    public int pid() {
        return (int) process.pid();
    }

    @Override
    public OutputStream stdin() {
        return process.getOutputStream();
    }

    @Override
    public InputStream stdout() {
        return process.getInputStream();
    }

    @Override
    public InputStream stderr() {
        return process.getErrorStream();
    }

    @Override
    public CompletableFuture<ExitStatus> exit() {
        return process.onExit().thenApply(ended -> ended.exitValue() > 128
                ? ExitStatus.killed(ended.exitValue() - 128)
                : ExitStatus.exited(ended.exitValue()));
    }

    @Override
    public void signal(Signal signal) {
        try {
            new ProcessBuilder("kill", "-" + signal.number(), Integer.toString(pid())).start().waitFor();
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }

    @Override
    public void kill() {
        var all = process.descendants().toList();
        process.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        try {
            process.getInputStream().close();
            process.getErrorStream().close();
            process.getOutputStream().close();
        } catch (IOException closed) {
            // Its reader is gone already.
        }
    }
}
