package dev.sandbridge.sandbox;

import dev.sandbridge.provider.SandboxName;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which sandboxes are in use right now, so that none is taken away under an open call. Calls share a sandbox; the
 * sweep, and a delete that keeps a snapshot, have it for themselves.
 */
final class Usage {
    private final Map<SandboxName, Count> counts = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** The right to use a sandbox, or to have it alone; closing it twice is harmless. */
    interface Hold extends AutoCloseable {
        @Override
        void close();
    }

    private static final class Count {
        int calls;
        boolean exclusive;
        int awaited;

        boolean isFree() {
            return calls == 0 && !exclusive;
        }
    }

    /** Begins a call; waits while somebody has the sandbox alone, or is about to. */
    Hold enter(SandboxName name) {
        lock.lock();
        try {
            Count count = count(name);
            while (count.exclusive || count.awaited > 0) {
                changed.awaitUninterruptibly();
                count = count(name);
            }
            count.calls++;
            return once(() -> leave(name));
        } finally {
            lock.unlock();
        }
    }

    /** Whether a call is in the sandbox. */
    boolean isUsed(SandboxName name) {
        return calls(name) > 0;
    }

    /** Whether one call, the asking one, is in the sandbox. */
    boolean isAlone(SandboxName name) {
        return calls(name) == 1;
    }

    private int calls(SandboxName name) {
        lock.lock();
        try {
            Count count = counts.get(name);
            return count == null ? 0 : count.calls;
        } finally {
            lock.unlock();
        }
    }

    /** The sandbox for its caller alone, or empty if it is in use. */
    Optional<Hold> exclusively(SandboxName name) {
        lock.lock();
        try {
            return counts.containsKey(name) ? Optional.empty() : Optional.of(close(name));
        } finally {
            lock.unlock();
        }
    }

    /** The same once the calls in it have ended, before which no new one begins; empty if they do not in time. */
    Optional<Hold> exclusively(SandboxName name, Duration patience) throws InterruptedException {
        lock.lock();
        try {
            Count count = count(name);
            count.awaited++;
            try {
                long left = patience.toNanos();
                while (!count.isFree() && left > 0) {
                    left = changed.awaitNanos(left);
                }
            } finally {
                count.awaited--;
                tidy(name, count);
            }
            return count.isFree() ? Optional.of(close(name)) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    private Count count(SandboxName name) {
        return counts.computeIfAbsent(name, n -> new Count());
    }

    private Hold close(SandboxName name) {
        count(name).exclusive = true;
        return once(() -> {
            lock.lock();
            try {
                Count count = count(name);
                count.exclusive = false;
                tidy(name, count);
            } finally {
                lock.unlock();
            }
        });
    }

    private void leave(SandboxName name) {
        lock.lock();
        try {
            Count count = count(name);
            count.calls--;
            tidy(name, count);
        } finally {
            lock.unlock();
        }
    }

    /** Forgets what nobody needs, and tells those who wait. */
    private void tidy(SandboxName name, Count count) {
        if (count.isFree() && count.awaited == 0) {
            counts.remove(name, count);
        }
        changed.signalAll();
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
