package dev.sandbridge.process;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory something may take for all callers together: the kept output of processes, what sockets have sent and
 * nobody has taken yet. Many callers cannot exhaust the service. Thread-safe.
 */
public final class MemoryBudget {
    private final AtomicLong left;

    public MemoryBudget(long bytes) {
        left = new AtomicLong(bytes);
    }

    /** Takes so many bytes if there are so many left. */
    public boolean take(long bytes) {
        for (long now = left.get(); now >= bytes; now = left.get()) {
            if (left.compareAndSet(now, now - bytes)) {
                return true;
            }
        }
        return false;
    }

    /** Returns what was taken. */
    public void giveBack(long bytes) {
        left.addAndGet(bytes);
    }
}
