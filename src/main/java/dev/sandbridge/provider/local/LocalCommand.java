package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A command in a cage. */
final class LocalCommand implements RunningCommand {
    /** Between the death of every process and the report of the main one's. */
    private static final Duration REPORT = Duration.ofSeconds(10);

    /** Keeps whatever the caller hangs on {@link #exit} off the channel's own thread. */
    private static final Executor VIRTUAL = task -> Thread.ofVirtual().start(task);

    private final ResidentChannel channel;
    private final Started started;
    private final InputStream stderr;
    private final CompletableFuture<ExitStatus> exit;

    /** @param stderr what the caller reads as such; the process's own unless it never ran */
    LocalCommand(ResidentChannel channel, Started started, InputStream stderr) {
        this.channel = channel;
        this.started = started;
        this.stderr = stderr;
        this.exit = started.exit().thenApplyAsync(LocalCommand::status, VIRTUAL);
    }

    /** Reads a wait status; see wait(2). */
    private static ExitStatus status(int raw) {
        int signal = raw & 0x7F;
        return signal == 0 ? ExitStatus.exited(raw >> 8 & 0xFF) : ExitStatus.killed(signal);
    }

    @Override
    public int pid() {
        return started.pid();
    }

    @Override
    public OutputStream stdin() {
        return started.stdin();
    }

    @Override
    public InputStream stdout() {
        return started.stdout();
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
        tell(signal, ResidentChannel.Scope.GROUP);
    }

    @Override
    public void kill() {
        if (!tell(Signal.KILL, ResidentChannel.Scope.DESCENDANTS)) {
            return;
        }
        try {
            started.exit().get(REPORT.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException ended) {
            // The sandbox is gone, and the command with it.
        } catch (TimeoutException silent) {
            throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "a killed command does not end");
        }
    }

    /**
     * Sends a signal, whether or not the calling thread is interrupted: what must end a command may not itself be
     * ended.
     *
     * @return false if the sandbox has ended, and the command with it
     */
    private boolean tell(Signal signal, ResidentChannel.Scope scope) {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    channel.signal(started.id(), signal.number(), scope);
                    return true;
                } catch (InterruptedException again) {
                    interrupted = true;
                } catch (SandboxException failed) {
                    if (!channel.isOpen()) {
                        return false;
                    }
                    throw failed;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        started.close();
    }
}
