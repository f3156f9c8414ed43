package dev.sandbridge.process;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory the kept output of all processes may take together, so that many processes of many callers cannot
 * exhaust the service. Thread-safe.
 */
public final class OutputMemory {
    private final AtomicLong left;

    public OutputMemory(long bytes) {
        left = new AtomicLong(bytes);
    }

    /** Takes so many bytes if there are so many left. */
    boolean take(long bytes) {
        for (long now = left.get(); now >= bytes; now = left.get()) {
            if (left.compareAndSet(now, now - bytes)) {
                return true;
            }
        }
        return false;
    }

    void giveBack(long bytes) {
        left.addAndGet(bytes);
    }
}
