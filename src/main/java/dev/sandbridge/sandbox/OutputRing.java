package dev.sandbridge.sandbox;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The last part of one output stream. Writing never waits: what does not fit pushes the oldest bytes out, and a
 * reader who asks for those is told how many are gone. Memory grows with the output up to the capacity.
 */
final class OutputRing {
    private static final int FIRST = 8 * 1024;

    private final int capacity;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition grown = lock.newCondition();
    private byte[] ring = new byte[FIRST];
    private long total;
    private boolean ended;

    OutputRing(int capacity) {
        this.capacity = capacity;
    }

    void write(byte[] bytes, int offset, int length) {
        lock.lock();
        try {
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

    /** Nothing follows. */
    void end() {
        lock.lock();
        try {
            ended = true;
            grown.signalAll();
        } finally {
            lock.unlock();
        }
    }

    long total() {
        lock.lock();
        try {
            return total;
        } finally {
            lock.unlock();
        }
    }

    /** What is kept from that offset on, waiting for the first byte or the end at most so long. */
    OutputPart read(long offset, int max, Duration wait) throws InterruptedException {
        lock.lock();
        try {
            long left = wait.toNanos();
            while (total <= offset && !ended && left > 0) {
                left = grown.awaitNanos(left);
            }
            long start = Math.min(Math.max(offset, total - Math.min(total, ring.length)), total);
            int length = (int) Math.min(max, total - start);
            var bytes = new byte[length];
            for (int done = 0; done < length; ) {
                int at = (int) ((start + done) % ring.length);
                int n = Math.min(length - done, ring.length - at);
                System.arraycopy(ring, at, bytes, done, n);
                done += n;
            }
            return new OutputPart(start, bytes, Math.max(0, start - offset), total, ended && start + length == total);
        } finally {
            lock.unlock();
        }
    }

    boolean awaitEnd(Duration wait) throws InterruptedException {
        lock.lock();
        try {
            long left = wait.toNanos();
            while (!ended && left > 0) {
                left = grown.awaitNanos(left);
            }
            return ended;
        } finally {
            lock.unlock();
        }
    }

    private void grow(int length) {
        long wanted = Math.min(capacity, total + length);
        if (wanted <= ring.length || total > ring.length) {
            return;
        }
        int size = ring.length;
        while (size < wanted) {
            size = (int) Math.min(capacity, size * 2L);
        }
        var larger = new byte[size];
        System.arraycopy(ring, 0, larger, 0, (int) total);
        ring = larger;
    }
}
