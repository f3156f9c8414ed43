package dev.sandbridge.sandbox;

import dev.sandbridge.provider.SandboxName;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which sandboxes are in use right now, so that none is taken away as expired under an open call. Calls share a
 * sandbox; the sweep has it for itself.
 */
final class Usage {
    private final Map<SandboxName, Count> counts = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition reopened = lock.newCondition();

    /** The right to use a sandbox, or to sweep it; closing it twice is harmless. */
    interface Hold extends AutoCloseable {
        @Override
        void close();
    }

    private static final class Count {
        int calls;
        boolean exclusive;
    }

    /** Begins a call; waits while the sandbox is being swept. */
    Hold enter(SandboxName name) {
        lock.lock();
        try {
            Count count = counts.computeIfAbsent(name, n -> new Count());
            while (count.exclusive) {
                reopened.awaitUninterruptibly();
                count = counts.computeIfAbsent(name, n -> new Count());
            }
            count.calls++;
            return once(() -> leave(name));
        } finally {
            lock.unlock();
        }
    }

    /** Whether a call is in the sandbox. */
    boolean isUsed(SandboxName name) {
        lock.lock();
        try {
            Count count = counts.get(name);
            return count != null && !count.exclusive;
        } finally {
            lock.unlock();
        }
    }

    /** The sandbox for the sweep alone, or empty if it is in use. */
    Optional<Hold> exclusively(SandboxName name) {
        lock.lock();
        try {
            if (counts.containsKey(name)) {
                return Optional.empty();
            }
            var count = new Count();
            count.exclusive = true;
            counts.put(name, count);
            return Optional.of(once(() -> reopen(name)));
        } finally {
            lock.unlock();
        }
    }

    private void leave(SandboxName name) {
        lock.lock();
        try {
            counts.computeIfPresent(name, (n, count) -> --count.calls == 0 ? null : count);
        } finally {
            lock.unlock();
        }
    }

    private void reopen(SandboxName name) {
        lock.lock();
        try {
            counts.remove(name);
            reopened.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static Hold once(Runnable end) {
        var open = new AtomicBoolean(true);
        return () -> {
            if (open.getAndSet(false)) {
                end.run();
            }
        };
    }
}
