package dev.sandbridge.provider.local;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** One epoll instance; see epoll(7). Names are the 64 bits that the kernel gives back with an event. */
final class Epoll implements AutoCloseable {
    static final int IN = 1;
    static final int OUT = 4;
    /** The other side is gone; always told, whatever was asked for. */
    static final int HANG_UP = 16;

    static final int ONE_SHOT = 1 << 30;

    /** Events taken with one call. */
    static final int BATCH = 256;

    private static final int CTL_ADD = 1;
    private static final int CTL_DEL = 2;
    private static final int CTL_MOD = 3;
    private static final int CLOEXEC = 0x80000;

    /** {@code struct epoll_event} is packed on x86-64 and nowhere else. */
    private static final int NAME_OFFSET = System.getProperty("os.arch").equals("amd64") ? 4 : 8;

    private static final int EVENT_SIZE = NAME_OFFSET + Long.BYTES;

    private static final MethodHandle EPOLL_CREATE1 = Libc.EPOLL_CREATE1.handle();
    private static final MethodHandle EPOLL_CTL = Libc.EPOLL_CTL.handle();
    private static final MethodHandle EPOLL_WAIT = Libc.EPOLL_WAIT.handle();
    private static final MethodHandle EVENTFD = Libc.EVENTFD.handle();

    private final int fd;

    Epoll() throws IOException {
        try (var buffer = NativeBuffer.lease()) {
            fd = (int) buffer.result((int) EPOLL_CREATE1.invokeExact(buffer.errno(), CLOEXEC));
        } catch (Throwable impossible) {
            throw new LinkageError("epoll_create1", impossible);
        }
        if (fd < 0) {
            throw Errno.failure("epoll_create1", fd);
        }
    }

    void add(int watched, int events, long name) throws IOException {
        check(control(CTL_ADD, watched, events, name));
    }

    void modify(int watched, int events, long name) throws IOException {
        check(control(CTL_MOD, watched, events, name));
    }

    void remove(int watched) {
        control(CTL_DEL, watched, 0, 0);
    }

    /** Waits for events and stores their names and what happened; to be called by one thread only. */
    int await(long[] names, int[] happened) {
        try (var arena = Arena.ofConfined()) {
            var errno = arena.allocate(Libc.CAPTURE);
            var events = arena.allocate((long) BATCH * EVENT_SIZE, Long.BYTES);
            int count;
            do {
                count = (int) EPOLL_WAIT.invokeExact(errno, fd, events, BATCH, -1);
            } while (count == -1 && errno.get(ValueLayout.JAVA_INT, 0) == Errno.EINTR);
            for (int i = 0; i < count; i++) {
                long at = (long) i * EVENT_SIZE;
                happened[i] = events.get(ValueLayout.JAVA_INT_UNALIGNED, at);
                names[i] = events.get(ValueLayout.JAVA_LONG_UNALIGNED, at + NAME_OFFSET);
            }
            return Math.max(count, 0);
        } catch (Throwable impossible) {
            throw new LinkageError("epoll_wait", impossible);
        }
    }

    /** A new descriptor that {@link #signal} makes ready, for good. */
    int wakeUpSource(long name) throws IOException {
        int source;
        try (var buffer = NativeBuffer.lease()) {
            source = (int) buffer.result((int) EVENTFD.invokeExact(buffer.errno(), 0, CLOEXEC));
        } catch (Throwable impossible) {
            throw new LinkageError("eventfd", impossible);
        }
        check(source);
        add(source, IN, name);
        return source;
    }

    void signal(int source) {
        try (var buffer = NativeBuffer.lease()) {
            buffer.data().set(ValueLayout.JAVA_LONG, 0, 1);
            FdCalls.write(source, buffer, buffer.data(), Long.BYTES);
        }
    }

    @Override
    public void close() {
        FdCalls.close(fd);
    }

    private int control(int operation, int watched, int events, long name) {
        try (var buffer = NativeBuffer.lease()) {
            MemorySegment event = buffer.data();
            event.set(ValueLayout.JAVA_INT, 0, events);
            event.set(ValueLayout.JAVA_LONG_UNALIGNED, NAME_OFFSET, name);
            return (int) buffer.result((int) EPOLL_CTL.invokeExact(buffer.errno(), fd, operation, watched, event));
        } catch (Throwable impossible) {
            throw new LinkageError("epoll_ctl", impossible);
        }
    }

    private static void check(int result) throws IOException {
        if (result < 0) {
            throw Errno.failure("epoll", result);
        }
    }
}
