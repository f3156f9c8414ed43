package dev.sandbridge.websocket;

import dev.sandbridge.process.MemoryBudget;

/**
 * What one socket keeps of its input. The first bytes are its own, so that nobody can keep others from typing; more
 * comes from what all share. Its user guards it.
 */
final class InputShare {
    private final MemoryBudget memory;
    private final long own;
    private long held;

    InputShare(MemoryBudget memory, long own) {
        this.memory = memory;
        this.own = own;
    }

    /** Takes so many bytes more if there is room for them. */
    boolean grow(long bytes) {
        long shared = shared(held + bytes) - shared(held);
        if (shared > 0 && !memory.take(shared)) {
            return false;
        }
        held += bytes;
        return true;
    }

    void shrink(long bytes) {
        long shared = shared(held) - shared(held - bytes);
        held -= bytes;
        memory.giveBack(shared);
    }

    /** Gives back all of it. */
    void clear() {
        shrink(held);
    }

    long held() {
        return held;
    }

    private long shared(long bytes) {
        return Math.max(0, bytes - own);
    }
}
