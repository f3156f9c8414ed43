package dev.sandbridge.sandbox;

import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A command that outlives the call that started it. Owns the {@link RunningCommand}: keeps the last part of its
 * output, so that it never waits for a reader, and closes it at its end.
 */
final class BackgroundProcess {
    /** Output kept of each stream. */
    private static final int KEPT = 1 << 20;

    private final String id;
    private final RunningCommand command;
    private final @Nullable String label;
    private final Instant startedAt;
    private final OutputRing stdout = new OutputRing(KEPT);
    private final OutputRing stderr = new OutputRing(KEPT);
    private final ReentrantLock writing = new ReentrantLock();
    private volatile @Nullable Ending ending;

    private record Ending(
            Instant at,
            @Nullable ExitStatus status,
            @Nullable String failure) {}

    BackgroundProcess(String id, RunningCommand command, @Nullable String label, Clock clock) {
        this.id = id;
        this.command = command;
        this.label = label;
        this.startedAt = clock.instant();
        Thread.ofVirtual().start(() -> keep(command.stdout(), stdout));
        Thread.ofVirtual().start(() -> keep(command.stderr(), stderr));
        command.exit().whenComplete((status, failure) -> {
            ending = new Ending(clock.instant(), status, failure == null ? null : "the sandbox ended");
        });
    }

    ProcessInfo info() {
        Ending end = ending;
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

    /** Passes input on; writers take turns. */
    void write(InputStream bytes, boolean end) throws IOException {
        writing.lock();
        try {
            OutputStream stdin = command.stdin();
            bytes.transferTo(stdin);
            stdin.flush();
            if (end) {
                stdin.close();
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
            command.exit().get(wait.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException told) {
            return;
        }
    }

    /** Ends it and everything it started, and lets go of its streams. */
    void end() {
        command.kill();
        command.close();
    }

    private static void keep(InputStream in, OutputRing ring) {
        try (in) {
            var buffer = new byte[16 * 1024];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                ring.write(buffer, 0, n);
            }
        } catch (IOException ended) {
            // Closed by end(), or the sandbox is gone, which exit tells.
        } finally {
            ring.end();
        }
    }
}
