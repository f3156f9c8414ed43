package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Time limits for blocking work: at its end the working thread is interrupted, wherever it blocks. One timer thread
 * for all.
 */
final class Deadlines implements AutoCloseable {
    private final ScheduledThreadPoolExecutor timer;

    Deadlines() {
        timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("deadlines").factory());
        timer.setRemoveOnCancelPolicy(true);
    }

    /** Work that may fail with input or output. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws IOException;
    }

    /**
     * Runs the work on the calling thread.
     *
     * @throws SandboxException OPERATION_TIMEOUT if the limit ended it; the work's own failure otherwise
     */
    <T> T within(Duration limit, String operation, Work<T> work) throws IOException {
        var watch = new Watch(Thread.currentThread());
        var alarm = timer.schedule(watch::fire, limit.toNanos(), TimeUnit.NANOSECONDS);
        try {
            return work.run();
        } catch (IOException | RuntimeException failure) {
            if (watch.end()) {
                throw new SandboxException(
                                ErrorCode.OPERATION_TIMEOUT,
                                operation + " took longer than its limit of " + seconds(limit) + " s",
                                failure)
                        .action("try again, or create the sandbox with a longer limit in timeouts");
            }
            throw failure;
        } finally {
            alarm.cancel(false);
            watch.end();
        }
    }

    /** Like {@link #within}, for work that does no input or output of the caller's. */
    <T> T quick(Duration limit, String operation, Work<T> work) {
        try {
            return within(limit, operation, work);
        } catch (IOException failure) {
            throw new SandboxException(ErrorCode.PROVIDER_FAILURE, operation + " failed", failure);
        }
    }

    /** {@code 30} or {@code 0.25}. */
    private static String seconds(Duration limit) {
        return BigDecimal.valueOf(limit.toMillis(), 3).stripTrailingZeros().toPlainString();
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /** Makes sure that an interrupt hits the work only, never what the thread does next. */
    static final class Watch {
        private final Thread worker;
        private boolean fired;
        private boolean ended;

        Watch(Thread worker) {
            this.worker = worker;
        }

        synchronized void fire() {
            if (!ended) {
                fired = true;
                worker.interrupt();
            }
        }

        /** Ends the watch and clears an interrupt of its own; whether it fired. */
        synchronized boolean end() {
            if (!ended && fired) {
                Thread.interrupted();
            }
            ended = true;
            return fired;
        }
    }
}
