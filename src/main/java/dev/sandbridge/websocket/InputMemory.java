package dev.sandbridge.websocket;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much memory input may take for all sockets together, beyond the little that each has for itself: many sockets of
 * many callers cannot exhaust the service. Thread-safe.
 */
final class InputMemory {
    private final AtomicLong left;

    InputMemory(long bytes) {
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
