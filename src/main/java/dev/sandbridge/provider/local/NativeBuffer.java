package dev.sandbridge.provider.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Memory outside the heap for one C call, and the place where {@code errno} lands. Leased for as long as a call takes
 * and never across a wait, so that thousands of waiting threads share a handful.
 */
final class NativeBuffer implements AutoCloseable {
    /** Large enough that a call costs little beside its bytes; four default pipes. */
    static final int SIZE = 256 * 1024;

    /** Kept for reuse; what is leased beyond goes back to the garbage collector. */
    private static final int KEPT = 16;

    private static final ConcurrentLinkedQueue<NativeBuffer> IDLE = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger IDLE_COUNT = new AtomicInteger();

    private final MemorySegment errno;
    private final MemorySegment data;

    private NativeBuffer() {
        var arena = Arena.ofAuto();
        errno = arena.allocate(Libc.CAPTURE);
        data = arena.allocate(SIZE, Long.BYTES * 2);
    }

    static NativeBuffer lease() {
        var buffer = IDLE.poll();
        if (buffer == null) {
            return new NativeBuffer();
        }
        IDLE_COUNT.decrementAndGet();
        return buffer;
    }

    MemorySegment errno() {
        return errno;
    }

    /** {@link #SIZE} bytes, holding whatever the last user left. */
    MemorySegment data() {
        return data;
    }

    /** What a call gave, as the kernel itself gives it: the value, or {@code -errno}. */
    long result(long returned) {
        return returned == -1 ? -errno.get(ValueLayout.JAVA_INT, 0) : returned;
    }

    @Override
    public void close() {
        if (IDLE_COUNT.incrementAndGet() <= KEPT) {
            IDLE.add(this);
        } else {
            IDLE_COUNT.decrementAndGet();
        }
    }
}
