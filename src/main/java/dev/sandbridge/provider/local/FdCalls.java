package dev.sandbridge.provider.local;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Calls on file descriptor numbers. Each returns what the kernel does: a value ≥ 0, or {@code -errno}. Whether a number
 * still means the same file is the business of {@link Descriptor}.
 */
final class FdCalls {
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = 1030;
    /** Clear of the numbers that a child is given; see {@link Spawn}. */
    private static final int LOWEST_DUPLICATE = 10;

    private static final int F_SETPIPE_SZ = 1031;
    private static final int O_NONBLOCK = 0x800;
    private static final int O_CLOEXEC = 0x80000;
    private static final long TIOCSWINSZ = 0x5414;
    private static final long FIONREAD = 0x541B;
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_TYPE = 1;
    private static final int STATX_MODE = 28;
    private static final int STATX_RDEV = 128;
    private static final int STATX_SIZE = 256;
    private static final int TYPE_MASK = 0xF000;
    private static final int TYPE_FIFO = 0x1000;
    private static final int TYPE_CHARACTER = 0x2000;
    private static final int PTMX_MAJOR = 5;
    private static final int PTMX_MINOR = 2;

    private static final MethodHandle READ = Libc.READ.handle();
    private static final MethodHandle WRITE = Libc.WRITE.handle();
    private static final MethodHandle CLOSE = Libc.CLOSE.handle();
    private static final MethodHandle FCNTL = Libc.FCNTL.handle();
    private static final MethodHandle IOCTL = Libc.IOCTL.handle();
    private static final MethodHandle STATX = Libc.STATX.handle();
    private static final MethodHandle PIPE2 = Libc.PIPE2.handle();

    private FdCalls() {}

    static long read(int fd, NativeBuffer buffer, MemorySegment to, long length) {
        try {
            return buffer.result((long) READ.invokeExact(buffer.errno(), fd, to, length));
        } catch (Throwable impossible) {
            throw new LinkageError("read", impossible);
        }
    }

    static long write(int fd, NativeBuffer buffer, MemorySegment from, long length) {
        try {
            return buffer.result((long) WRITE.invokeExact(buffer.errno(), fd, from, length));
        } catch (Throwable impossible) {
            throw new LinkageError("write", impossible);
        }
    }

    /** Never repeated after a failure: Linux has let go of the number even then. */
    static void close(int fd) {
        try (var buffer = NativeBuffer.lease()) {
            int ignored = (int) CLOSE.invokeExact(buffer.errno(), fd);
        } catch (Throwable impossible) {
            throw new LinkageError("close", impossible);
        }
    }

    /** A second number for the same open file, closed on exec. */
    static int duplicate(int fd) {
        return fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_DUPLICATE);
    }

    /** A read or write that would wait returns EAGAIN instead. Holds for the open file, so for its duplicates too. */
    static int setNonBlocking(int fd) {
        int flags = fcntl(fd, F_GETFL, 0);
        return flags < 0 ? flags : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }

    static int setPipeCapacity(int fd, int bytes) {
        return fcntl(fd, F_SETPIPE_SZ, bytes);
    }

    /** Two numbers, read end first; blocking, closed on exec. */
    static int pipe(int[] ends) {
        try (var buffer = NativeBuffer.lease()) {
            int result = (int) buffer.result((int) PIPE2.invokeExact(buffer.errno(), buffer.data(), O_CLOEXEC));
            ends[0] = buffer.data().get(ValueLayout.JAVA_INT, 0);
            ends[1] = buffer.data().get(ValueLayout.JAVA_INT, Integer.BYTES);
            return result;
        } catch (Throwable impossible) {
            throw new LinkageError("pipe2", impossible);
        }
    }

    /** Bytes that can be read without waiting. */
    static int available(int fd) {
        try (var buffer = NativeBuffer.lease()) {
            int result = ioctl(fd, FIONREAD, buffer);
            return result < 0 ? result : buffer.data().get(ValueLayout.JAVA_INT, 0);
        }
    }

    /** Sets the size of a terminal; its processes get SIGWINCH. */
    static int setWindowSize(int fd, int columns, int rows) {
        try (var buffer = NativeBuffer.lease()) {
            var size = buffer.data();
            size.set(ValueLayout.JAVA_SHORT, 0, (short) rows);
            size.set(ValueLayout.JAVA_SHORT, 2, (short) columns);
            size.set(ValueLayout.JAVA_INT, 4, 0);
            return ioctl(fd, TIOCSWINSZ, buffer);
        }
    }

    /** Whether it is a pipe, made by anyone. */
    static boolean isPipe(int fd) {
        try (var buffer = NativeBuffer.lease()) {
            return statx(fd, buffer) && type(buffer) == TYPE_FIFO;
        }
    }

    /** Whether it is the controlling side of a pseudo-terminal. */
    static boolean isTerminalMaster(int fd) {
        try (var buffer = NativeBuffer.lease()) {
            return statx(fd, buffer)
                    && type(buffer) == TYPE_CHARACTER
                    && buffer.data().get(ValueLayout.JAVA_INT, STATX_RDEV) == PTMX_MAJOR
                    && buffer.data().get(ValueLayout.JAVA_INT, STATX_RDEV + Integer.BYTES) == PTMX_MINOR;
        }
    }

    private static int type(NativeBuffer buffer) {
        return buffer.data().get(ValueLayout.JAVA_SHORT, STATX_MODE) & TYPE_MASK;
    }

    private static boolean statx(int fd, NativeBuffer buffer) {
        try {
            var data = buffer.data();
            data.set(ValueLayout.JAVA_BYTE, STATX_SIZE, (byte) 0);
            var emptyPath = data.asSlice(STATX_SIZE, 1);
            return (int) STATX.invokeExact(buffer.errno(), fd, emptyPath, AT_EMPTY_PATH, STATX_TYPE, data) == 0;
        } catch (Throwable impossible) {
            throw new LinkageError("statx", impossible);
        }
    }

    private static int fcntl(int fd, int command, long argument) {
        try (var buffer = NativeBuffer.lease()) {
            return (int) buffer.result((int) FCNTL.invokeExact(buffer.errno(), fd, command, argument));
        } catch (Throwable impossible) {
            throw new LinkageError("fcntl", impossible);
        }
    }

    private static int ioctl(int fd, long request, NativeBuffer buffer) {
        try {
            return (int) buffer.result((int) IOCTL.invokeExact(buffer.errno(), fd, request, buffer.data()));
        } catch (Throwable impossible) {
            throw new LinkageError("ioctl", impossible);
        }
    }
}
