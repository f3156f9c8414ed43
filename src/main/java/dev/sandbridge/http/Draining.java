package dev.sandbridge.http;

import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Logger;

/**
 * How the service ends when it is told to: its health says so at once, so that a load balancer turns away; after a
 * delay nothing new is taken, and what runs may go on for a while. Done here and not by the framework, for which a
 * request that became a WebSocket never ends. Thread-safe.
 */
@Singleton
public final class Draining {
    private static final Logger LOG = Logger.getLogger(Draining.class.getName());

    /** For the last words of what was cut off. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    /** Asked for late: filters are registered before there is a configuration to read. */
    private final Provider<HttpConfig> config;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Runnable> onRefusing = new CopyOnWriteArrayList<>();
    private final List<Runnable> onEnd = new CopyOnWriteArrayList<>();
    private int running;
    private boolean refusing;
    private volatile boolean begun;

    Draining(Provider<HttpConfig> config) {
        this.config = config;
    }

    /** Has something done as soon as nothing new is taken any more, and something else to what runs at the very end. */
    public void listen(Runnable whenRefusing, Runnable atEnd) {
        onRefusing.add(whenRefusing);
        onEnd.add(atEnd);
    }

    /** Whether the service has been told to end. */
    boolean hasBegun() {
        return begun;
    }

    /** Whether a request is taken; then {@link #leave} is called once when it has ended. */
    boolean enter() {
        lock.lock();
        try {
            if (!refusing) {
                running++;
            }
            return !refusing;
        } finally {
            lock.unlock();
        }
    }

    void leave() {
        lock.lock();
        try {
            running--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** On the thread that ends the service, which goes on when this returns. */
    void drain(@Observes ShutdownDelayInitiatedEvent event) {
        begun = true;
        try {
            Thread.sleep(config.get().drainDelay());
            lock.lock();
            try {
                refusing = true;
            } finally {
                lock.unlock();
            }
            onRefusing.forEach(Runnable::run);
            if (!isIdleWithin(config.get().drain())) {
                LOG.warning("calls that still run are cut off");
            }
            onEnd.forEach(Runnable::run);
            isIdleWithin(LAST_WORDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isIdleWithin(Duration time) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        lock.lock();
        try {
            for (long left = end - System.nanoTime(); running > 0 && left > 0; left = end - System.nanoTime()) {
                changed.await(left, TimeUnit.NANOSECONDS);
            }
            return running == 0;
        } finally {
            lock.unlock();
        }
    }
}
