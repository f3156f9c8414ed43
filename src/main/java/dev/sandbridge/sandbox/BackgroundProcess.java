package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.OutputMemory;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.process.OutputRing;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A command that outlives the call that started it. Owns the {@link RunningCommand} and keeps the last part of its
 * output, so that it never waits for a reader.
 */
final class BackgroundProcess {
    /** Output kept of each stream. */
    private static final int KEPT = 1 << 20;

    private final String id;
    private final RunningCommand command;
    private final @Nullable String label;
    private final Instant startedAt;
    private final OutputRing stdout;
    private final OutputRing stderr;
    private final ReentrantLock writing = new ReentrantLock();
    private final CompletableFuture<Ending> ending;

    private record Ending(
            Instant at,
            @Nullable ExitStatus status,
            @Nullable String failure) {}

    BackgroundProcess(String id, RunningCommand command, @Nullable String label, Clock clock, OutputMemory memory) {
        this.id = id;
        this.command = command;
        this.label = label;
        this.startedAt = clock.instant();
        this.stdout = new OutputRing(KEPT, memory);
        this.stderr = new OutputRing(KEPT, memory);
        Thread.ofVirtual().start(() -> keep(command.stdout(), stdout));
        Thread.ofVirtual().start(() -> keep(command.stderr(), stderr));
        this.ending = command.exit().handle((status, failure) -> {
            closeInput();
            return new Ending(clock.instant(), status, failure == null ? null : "the sandbox ended");
        });
    }

    ProcessInfo info() {
        Ending end = ending.getNow(null);
        return new ProcessInfo(
                id,
                command.pid(),
                label,
                startedAt,
                end == null ? null : end.at(),
                end == null ? null : end.status(),
                end == null ? null : end.failure(),
                stdout.total(),
                stderr.total());
    }

    OutputPart output(OutputSink.Channel channel, long offset, int max, Duration wait) throws InterruptedException {
        return (channel == OutputSink.Channel.STDOUT ? stdout : stderr).read(offset, max, wait);
    }

    /**
     * Passes input on; writers take turns.
     *
     * @throws IOException what {@code bytes} threw, or an interrupt; what came before has been passed on
     * @throws SandboxException CONFLICT if the process takes no input any more
     */
    void write(InputStream bytes, boolean end) throws IOException {
        try {
            writing.lockInterruptibly();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while another call wrote");
        }
        try {
            var buffer = new byte[16 * 1024];
            for (int n = bytes.read(buffer); n >= 0; n = bytes.read(buffer)) {
                pass(buffer, n);
            }
            if (end) {
                closeInput();
            }
        } finally {
            writing.unlock();
        }
    }

    void signal(Signal signal) {
        if (signal.equals(Signal.KILL)) {
            command.kill();
        } else {
            command.signal(signal);
        }
    }

    /** Waits for the end at most so long; {@link #info} then tells. */
    void await(Duration wait) throws InterruptedException {
        try {
            ending.get(wait.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException told) {
            // By info().
        }
    }

    /** Ends it and everything it started, and lets go of it. */
    void end() {
        try {
            command.kill();
        } finally {
            release();
        }
    }

    /** Lets go of it; what it started goes on. */
    void release() {
        command.close();
        stdout.release();
        stderr.release();
    }

    private void pass(byte[] bytes, int length) throws IOException {
        OutputStream stdin = command.stdin();
        try {
            stdin.write(bytes, 0, length);
            stdin.flush();
        } catch (InterruptedIOException interrupted) {
            throw interrupted;
        } catch (IOException closed) {
            throw new SandboxException(ErrorCode.CONFLICT, "the process has ended or takes no more input", closed);
        }
    }

    private void closeInput() {
        try {
            command.stdin().close();
        } catch (IOException closed) {
            // The process has closed it already.
        }
    }

    private static void keep(InputStream in, OutputRing ring) {
        try (in) {
            var buffer = new byte[16 * 1024];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                ring.write(buffer, 0, n);
            }
        } catch (IOException ended) {
            // Let go of, or the sandbox is gone, which exit tells.
        } finally {
            ring.end();
        }
    }
}
