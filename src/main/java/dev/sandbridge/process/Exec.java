package dev.sandbridge.process;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs one started command to its end: passes its output on as it comes, keeps its limits, and leaves nothing running
 * when a limit or the caller ends it. One use; {@link #run} is called once, {@link #cancel} from any thread.
 */
public final class Exec {
    /**
     * How long output is awaited after the main process ended. What it wrote itself is in the pipe already; this is
     * for its last children, and it must be short because a background child may hold the pipe for ever.
     */
    private static final Duration DRAIN = Duration.ofMillis(150);

    /**
     * How much of what was written before the main process ended may be on its way unseen, in pipes and pieces. So much
     * more than what is known by then is passed on at most: a background child may write for ever.
     */
    private static final long UNSEEN = 4 << 20;

    private static final int CHUNK = 64 * 1024;

    private final RunningCommand command;
    private final ExecLimits limits;
    private final OutputSink sink;
    private final ReentrantLock delivering = new ReentrantLock();
    private long delivered;
    private volatile @Nullable IOException callerGone;
    private volatile boolean outputExceeded;
    private volatile @Nullable IOException outputBroken;
    private volatile boolean timedOut;

    public Exec(RunningCommand command, ExecLimits limits, OutputSink sink) {
        this.command = command;
        this.limits = limits;
        this.sink = sink;
    }

    /**
     * Waits for the end and closes the command.
     *
     * @return how it ended; {@link ExitStatus#TIMED_OUT} with a note on stderr after the time limit
     * @throws IOException if the sink refused output or {@link #cancel} was called; everything the command started is
     * gone
     * @throws SandboxException {@link ErrorCode#OUTPUT_LIMIT_EXCEEDED}, or why the end of the command is unknown
     */
    public ExitStatus run() throws IOException {
        try (command) {
            var stdout = new Pump(OutputSink.Channel.STDOUT, command.stdout());
            var stderr = new Pump(OutputSink.Channel.STDERR, command.stderr());
            Thread.ofVirtual().start(stdout);
            Thread.ofVirtual().start(stderr);
            Duration timeout = limits.timeout();
            boolean inTime = TimeLimit.keep(command, timeout);
            ExitStatus status = status();
            stdout.limit();
            stderr.limit();
            stdout.settle();
            stderr.settle();
            throwIfCut();
            if (!inTime && timeout != null) {
                timedOut = true;
                byte[] note = TimeLimit.note(timeout);
                sink.write(OutputSink.Channel.STDERR, note, 0, note.length);
                return ExitStatus.exited(ExitStatus.TIMED_OUT);
            }
            return status;
        } catch (InterruptedException interrupted) {
            command.kill();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a command ran", interrupted);
        }
    }

    /** Whether the time limit ended the command, once {@link #run} has returned; a program may exit with 124 too. */
    public boolean timedOut() {
        return timedOut;
    }

    /** Ends the command because nobody waits for it any more; {@link #run} then throws. */
    public void cancel() {
        cut(new IOException("the caller went away"));
    }

    private ExitStatus status() throws InterruptedException {
        try {
            return command.exit().get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof SandboxException known) {
                throw known;
            }
            throw new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "how the command ended is unknown", failed);
        }
    }

    private void throwIfCut() throws IOException {
        if (outputExceeded) {
            throw new SandboxException(
                            ErrorCode.OUTPUT_LIMIT_EXCEEDED,
                            "the command wrote more than " + limits.outputBytes() + " bytes and was ended")
                    .action("redirect its output to a file below /workspace and read that");
        }
        IOException gone = callerGone;
        if (gone != null) {
            throw gone;
        }
        IOException broken = outputBroken;
        if (broken != null) {
            throw new SandboxException(
                    ErrorCode.EXEC_TRANSPORT_ERROR, "the command's output broke off; the command was ended", broken);
        }
    }

    private void cut(IOException reason) {
        if (callerGone == null) {
            callerGone = reason;
        }
        command.kill();
    }

    private void deliver(OutputSink.Channel channel, byte[] bytes, int length) throws IOException {
        delivering.lock();
        try {
            if (callerGone != null || outputExceeded) {
                return;
            }
            int allowed = (int) Math.min(length, limits.outputBytes() - delivered);
            delivered += allowed;
            if (allowed > 0) {
                sink.write(channel, bytes, 0, allowed);
            }
            outputExceeded = allowed < length;
        } finally {
            delivering.unlock();
        }
        if (outputExceeded) {
            command.kill();
        }
    }

    /** Moves one stream; its own thread. */
    private final class Pump implements Runnable {
        private final OutputSink.Channel channel;
        private final InputStream in;
        private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
        private volatile boolean reading;
        private volatile boolean closed;
        private volatile long taken;
        private volatile long most = Long.MAX_VALUE;

        Pump(OutputSink.Channel channel, InputStream in) {
            this.channel = channel;
            this.in = in;
        }

        @Override
        public void run() {
            var buffer = new byte[CHUNK];
            try {
                int n = read(buffer);
                for (long sum = n; n >= 0; sum += n) {
                    taken = sum;
                    deliver(channel, buffer, n);
                    n = sum < most ? read(buffer) : -1;
                }
            } catch (IOException refused) {
                cut(refused);
            } catch (RuntimeException broken) {
                // With nobody left to take its output the command would stand still for ever.
                cut(new IOException("the output could not be passed on", broken));
            } finally {
                done.complete(null);
            }
        }

        /** A read that fails ends the command, for it would stand still with nobody to take its output. */
        private int read(byte[] buffer) {
            reading = true;
            try {
                return in.read(buffer);
            } catch (IOException broken) {
                if (!closed && !command.exit().isCompletedExceptionally()) {
                    outputBroken = broken;
                    command.kill();
                }
                return -1;
            } finally {
                reading = false;
            }
        }

        /** The main process has ended: what it wrote is known, or on its way. */
        void limit() {
            long known = available();
            most = known + taken + UNSEEN;
        }

        /**
         * Returns when everything written before the exit was passed on; a background child's silence is not waited
         * for.
         */
        void settle() throws InterruptedException {
            long deadline = System.nanoTime() + DRAIN.toNanos();
            while (true) {
                try {
                    long left = Math.max(deadline - System.nanoTime(), TimeUnit.MILLISECONDS.toNanos(5));
                    done.get(left, TimeUnit.NANOSECONDS);
                    return;
                } catch (ExecutionException | TimeoutException stillOpen) {
                    if (reading && available() == 0) {
                        closeQuietly();
                    }
                }
            }
        }

        private int available() {
            try {
                return in.available();
            } catch (IOException ended) {
                return 0;
            }
        }

        private void closeQuietly() {
            closed = true;
            try {
                in.close();
            } catch (IOException ended) {
                done.complete(null);
            }
        }
    }
}
