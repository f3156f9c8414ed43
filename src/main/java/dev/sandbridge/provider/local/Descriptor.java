package dev.sandbridge.provider.local;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One open file descriptor number and its only owner. The kernel reuses a number as soon as it is closed, so a number
 * is used between {@link #enter} and {@link #leave} only: {@link #close} takes effect at once for everybody who comes
 * after, and closes the number when the last user has left.
 *
 * <p>Non-blocking. One thread at a time may wait, for one direction; who reads and writes one file owns a
 * {@link #duplicate} for each.
 */
final class Descriptor implements AutoCloseable {
    private static final int CLOSED = 1 << 30;

    private final int number;
    private final Poller poller;
    /** How many threads use the number now, plus {@link #CLOSED}. */
    private final AtomicInteger state = new AtomicInteger();

    private volatile @Nullable Thread waiter;
    private volatile boolean ready;
    private volatile boolean finished;
    /** The poller's name for this one, 0 before the first wait; written by the waiting thread only. */
    private volatile long registration;

    /** Takes over the number, also when this fails. */
    Descriptor(int number, Poller poller) throws IOException {
        this.number = number;
        this.poller = poller;
        int result = FdCalls.setNonBlocking(number);
        if (result < 0) {
            FdCalls.close(number);
            throw Errno.failure("fcntl", result);
        }
    }

    /** Another owner of another number for the same open file. */
    Descriptor duplicate() throws IOException {
        int fd = enter();
        try {
            int copy = FdCalls.duplicate(fd);
            if (copy < 0) {
                throw Errno.failure("dup", copy);
            }
            return new Descriptor(copy, poller);
        } finally {
            leave();
        }
    }

    /** The number, valid until {@link #leave}. */
    int enter() throws IOException {
        int before = state.getAndUpdate(now -> (now & CLOSED) == 0 ? now + 1 : now);
        if ((before & CLOSED) != 0) {
            throw new IOException("stream closed");
        }
        return number;
    }

    void leave() {
        if (state.decrementAndGet() == CLOSED) {
            release();
        }
    }

    /**
     * Waits, without holding a carrier thread, until a read or write may get further. The caller has entered.
     *
     * @throws IOException if this is closed meanwhile, or the thread is interrupted
     */
    void await(Poller.Direction direction) throws IOException {
        if (waiter != null) {
            throw new IllegalStateException("two threads wait for one file descriptor");
        }
        ready = false;
        waiter = Thread.currentThread();
        try {
            registration = poller.arm(this, number, registration, direction);
            while (!ready && !finished && !isClosed()) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedIOException("interrupted while waiting for a sandbox");
                }
                LockSupport.park(this);
            }
        } finally {
            waiter = null;
        }
        if (isClosed()) {
            throw new IOException("stream closed");
        }
    }

    /** Called by the poller. A signal that comes too late only makes the next wait return once too early. */
    void signal() {
        ready = true;
        LockSupport.unpark(waiter);
    }

    /** The other side is gone for good: nothing comes any more but what is there, and nobody takes anything. */
    void finish() {
        finished = true;
        LockSupport.unpark(waiter);
    }

    /** To be asked before a read or write that would wait: afterwards, it would wait for ever. */
    boolean isFinished() {
        return finished;
    }

    boolean isClosed() {
        return (state.get() & CLOSED) != 0;
    }

    @Override
    public void close() {
        int before = state.getAndUpdate(now -> now | CLOSED);
        if ((before & CLOSED) != 0) {
            return;
        }
        if (before == 0) {
            release();
        } else {
            LockSupport.unpark(waiter);
        }
    }

    /** Runs once: by whoever brings the count of users to zero after {@link #CLOSED} was set. */
    private void release() {
        if (registration != 0) {
            poller.disarm(number, registration);
        }
        FdCalls.close(number);
    }
}
