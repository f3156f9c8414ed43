package dev.sandbridge.process;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The last part of one output stream. Writing never waits: what does not fit pushes the oldest bytes out, and a reader
 * who asks for those is told how many are gone. Memory grows with the output up to the capacity, as long as there is
 * memory for all rings together.
 */
public final class OutputRing {
    /** Every stream that has any output may keep this much, whatever the others keep. */
    public static final int LEAST = 4 * 1024;

    private final int capacity;
    private final MemoryBudget memory;
    private final long first;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition grown = lock.newCondition();
    private byte[] ring = {};
    private long taken;
    private long total;
    private boolean ended;
    private boolean released;

    public OutputRing(int capacity, MemoryBudget memory) {
        this(capacity, memory, 0);
    }

    /** @param first the offset of the first byte that is written here, of a stream that began elsewhere */
    public OutputRing(int capacity, MemoryBudget memory, long first) {
        this.capacity = capacity;
        this.memory = memory;
        this.first = first;
    }

    public void write(byte[] bytes, int offset, int length) {
        lock.lock();
        try {
            if (released) {
                return;
            }
            grow(length);
            int from = Math.max(0, length - ring.length);
            total += from;
            for (int done = from; done < length; ) {
                int at = (int) (total % ring.length);
                int n = Math.min(length - done, ring.length - at);
                System.arraycopy(bytes, offset + done, ring, at, n);
                done += n;
                total += n;
            }
            grown.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * The offset of the oldest byte that is still kept once so many more are written. Takes the memory that there is
     * for them.
     */
    public long keptFrom(int more) {
        lock.lock();
        try {
            if (!released) {
                grow(more);
            }
            return first + Math.max(0, total + more - ring.length);
        } finally {
            lock.unlock();
        }
    }

    /** Nothing follows. */
    public void end() {
        lock.lock();
        try {
            ended = true;
            grown.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody may ask for the output any more; gives its memory back. */
    public void release() {
        lock.lock();
        try {
            memory.giveBack(taken);
            taken = 0;
            ring = new byte[0];
            total = 0;
            released = true;
            ended = true;
            grown.signalAll();
        } finally {
            lock.unlock();
        }
    }

    public long total() {
        lock.lock();
        try {
            return first + total;
        } finally {
            lock.unlock();
        }
    }

    /** What is kept from that offset on, waiting for a byte there or the end at most so long. */
    public OutputPart read(long offset, int max, Duration wait) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = wait.toNanos();
            while (first + total <= offset && !ended && left > 0) {
                left = grown.awaitNanos(left);
            }
            long from = offset - first;
            long start = Math.max(from, total - Math.min(total, ring.length));
            int length = (int) Math.max(0, Math.min(max, total - start));
            var bytes = new byte[length];
            for (int done = 0; done < length; ) {
                int at = (int) ((start + done) % ring.length);
                int n = Math.min(length - done, ring.length - at);
                System.arraycopy(ring, at, bytes, done, n);
                done += n;
            }
            boolean last = ended && start + length >= total;
            return new OutputPart(first + start, bytes, start - from, first + total, last);
        } finally {
            lock.unlock();
        }
    }

    /** A ring that has wrapped stays as it is: only a straight one can be copied into a larger one. */
    private void grow(int length) {
        long wanted = Math.min(capacity, total + length);
        if (wanted <= ring.length || total > ring.length) {
            return;
        }
        int size = Math.max(ring.length, Math.min(capacity, LEAST));
        while (size < wanted) {
            size = (int) Math.min(capacity, size * 2L);
        }
        if (memory.take(size - taken)) {
            taken = size;
        } else if (ring.length == 0) {
            size = Math.min(capacity, LEAST);
        } else {
            return;
        }
        var larger = new byte[size];
        System.arraycopy(ring, 0, larger, 0, (int) total);
        ring = larger;
    }
}
