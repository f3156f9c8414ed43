package dev.sandbridge.sandbox;

import dev.sandbridge.error.SandboxException;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Moves the expiry of sandboxes on while they are in use: another process with the same provider knows nothing of open
 * calls here, and removes what has expired. One timer thread for all.
 */
final class Renewals implements AutoCloseable {
    /** Somebody may have shortened its life meanwhile. */
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private static final Duration SHORTEST = Duration.ofMillis(250);

    private final Catalogue catalogue;
    private final ScheduledThreadPoolExecutor timer;

    Renewals(Catalogue catalogue) {
        this.catalogue = catalogue;
        timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("renewals").factory(), new ThreadPoolExecutor.DiscardPolicy());
        timer.setRemoveOnCancelPolicy(true);
    }

    /**
     * Keeps a sandbox alive until the answer is cancelled.
     *
     * @param sandbox asked each time, on another thread
     */
    Future<?> keep(Supplier<Sandboxes.Found> sandbox) {
        var busy = new AtomicBoolean();
        long period = period(sandbox.get().state().ttl()).toNanos();
        Runnable renewal = () -> {
            try {
                catalogue.touch(sandbox.get());
            } catch (SandboxException failed) {
                // Tried again twice before its time is over; that it is gone is the open call's to notice.
            } finally {
                busy.set(false);
            }
        };
        Runnable turn = () -> {
            if (busy.compareAndSet(false, true)) {
                Thread.ofVirtual().name("renewal").start(renewal);
            }
        };
        return timer.scheduleAtFixedRate(turn, period, period, TimeUnit.NANOSECONDS);
    }

    private static Duration period(Duration ttl) {
        Duration third = ttl.dividedBy(3);
        Duration bounded = third.compareTo(LONGEST) < 0 ? third : LONGEST;
        return bounded.compareTo(SHORTEST) > 0 ? bounded : SHORTEST;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
