package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.process.OutputRing;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import dev.sandbridge.process.TimeLimit;
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
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A command that outlives the call that started it. Owns the {@link RunningCommand} and keeps the last part of its
 * output, so that it never waits for a reader.
 */
final class BackgroundProcess {
    /** Output kept of each stream. */
    private static final int KEPT = 1 << 20;

    /** How long the end of one that ran out of time waits for the rest of its stderr, which something else may hold. */
    private static final Duration DRAIN = Duration.ofSeconds(1);

    private static final Logger LOG = Logger.getLogger(BackgroundProcess.class.getName());

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
            boolean timedOut,
            @Nullable String failure) {
        /** What a command does that is being ended is not its own end; an unknown one stays unknown. */
        Ending late() {
            return status == null ? this : new Ending(at, ExitStatus.exited(ExitStatus.TIMED_OUT), true, null);
        }
    }

    /** @param timeout when it is ended with all it started; null for never */
    BackgroundProcess(
            String id,
            RunningCommand command,
            @Nullable String label,
            @Nullable Duration timeout,
            Clock clock,
            MemoryBudget memory) {
        this.id = id;
        this.command = command;
        this.label = label;
        this.startedAt = clock.instant();
        this.stdout = new OutputRing(KEPT, memory);
        this.stderr = new OutputRing(KEPT, memory);
        var late = timeout == null ? CompletableFuture.completedFuture(false) : watch(command, timeout);
        var told = new CompletableFuture<Boolean>();
        Thread.ofVirtual().start(() -> keep(command.stdout(), stdout, () -> {}));
        Thread.ofVirtual()
                .start(() -> keep(command.stderr(), stderr, () -> {
                    if (timeout != null && late.join()) {
                        byte[] note = TimeLimit.note(timeout);
                        stderr.write(note, 0, note.length);
                    }
                    told.complete(true);
                }));
        var ended = command.exit().handle((status, failure) -> {
            closeInput();
            return new Ending(clock.instant(), status, false, failure == null ? null : "the sandbox ended");
        });
        // Whoever learns that the time was over finds the note in the output, and nothing running.
        this.ending = late.thenCompose(isLate -> isLate
                        ? told.completeOnTimeout(true, DRAIN.toMillis(), TimeUnit.MILLISECONDS)
                        : CompletableFuture.completedFuture(false))
                .thenCombine(ended, (isLate, end) -> isLate ? end.late() : end);
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
                end != null && end.timedOut(),
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

    /** Whether the command's time was over before its end; completes when nothing of it is left then. */
    private static CompletableFuture<Boolean> watch(RunningCommand command, Duration timeout) {
        var late = new CompletableFuture<Boolean>();
        Thread.ofVirtual().start(() -> {
            boolean inTime = false;
            try {
                inTime = TimeLimit.keep(command, timeout);
            } catch (RuntimeException failed) {
                LOG.log(Level.WARNING, "a process whose time is over could not be ended", failed);
            } catch (InterruptedException impossible) {
                throw new IllegalStateException(impossible);
            } finally {
                late.complete(!inTime);
            }
        });
        return late;
    }

    /** @param last what follows the output, before its end is told */
    private static void keep(InputStream in, OutputRing ring, Runnable last) {
        try (in) {
            var buffer = new byte[16 * 1024];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                ring.write(buffer, 0, n);
            }
        } catch (IOException ended) {
            // Let go of, or the sandbox is gone, which exit tells.
        } finally {
            last.run();
            ring.end();
        }
    }
}
