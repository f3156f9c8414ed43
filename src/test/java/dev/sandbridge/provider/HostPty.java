package dev.sandbridge.provider;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A pseudo-terminal of this machine. Its streams wait in the kernel for a moment at a time and are therefore for
 * platform threads; {@link #close} hangs up as soon as both have noticed.
 */
public final class HostPty implements AutoCloseable {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final MemoryLayout ERRNO_LAYOUT = Linker.Option.captureStateLayout();
    private static final MethodHandle OPEN =
            call("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle IOCTL = call(
            "ioctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle READ =
            call("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle WRITE =
            call("write", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle POLL =
            call("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
    private static final MethodHandle CLOSE = call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private static final int READ_WRITE_NOCTTY_NONBLOCK_CLOEXEC = 2 | 0x100 | 0x800 | 0x80000;
    private static final long UNLOCK = 0x40045431;
    private static final long NUMBER = 0x80045430L;
    private static final long RESIZE = 0x5414;
    private static final short IN = 1;
    private static final short OUT = 4;
    private static final short HANG_UP = 16;
    private static final int MOMENT = 50;
    private static final int EINTR = 4;
    private static final int EAGAIN = 11;
    private static final int CHUNK = 64 * 1024;

    private final int fd;
    private int users = 1;
    private boolean closed;
    private volatile boolean finished;

    public HostPty(TerminalSize size) throws IOException {
        try (var arena = Arena.ofConfined()) {
            fd = (int) check((int) OPEN.invokeExact(
                    arena.allocate(ERRNO_LAYOUT), arena.allocateFrom("/dev/ptmx"), READ_WRITE_NOCTTY_NONBLOCK_CLOEXEC));
            control(UNLOCK, arena.allocateFrom(JAVA_INT, 0));
        } catch (Throwable failed) {
            throw new IOException("no terminal", failed);
        }
        resize(size);
    }

    /** The side that programs use. */
    public String path() throws IOException {
        try (var arena = Arena.ofConfined()) {
            var number = arena.allocate(JAVA_INT);
            control(NUMBER, number);
            return "/dev/pts/" + number.get(JAVA_INT, 0);
        }
    }

    public void resize(TerminalSize size) throws IOException {
        if (!enter()) {
            return;
        }
        try (var arena = Arena.ofConfined()) {
            control(
                    RESIZE,
                    arena.allocateFrom(JAVA_SHORT, (short) size.rows(), (short) size.columns(), (short) 0, (short) 0));
        } finally {
            leave();
        }
    }

    public InputStream in() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                var one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                return (int) Math.max(-1, transfer(READ, IN, bytes, offset, length));
            }
        };
    }

    public OutputStream out() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                for (int done = 0; done < length; ) {
                    long count = transfer(WRITE, OUT, bytes, offset + done, length - done);
                    if (count <= 0) {
                        throw new IOException("nobody reads the terminal any more");
                    }
                    done += (int) count;
                }
            }
        };
    }

    /**
     * The process that led the terminal's session has ended: what was shown can be read, and nothing can be written.
     * The kernel tells the master so only when nobody else holds the other side any more.
     */
    void finish() {
        finished = true;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            leave();
        }
    }

    /** Bytes passed on, or below zero at the end. */
    private long transfer(MethodHandle call, short event, byte[] bytes, int offset, int length) throws IOException {
        try (var arena = Arena.ofConfined()) {
            var errno = arena.allocate(ERRNO_LAYOUT);
            var data = arena.allocate(Math.min(length, CHUNK));
            if (call == WRITE) {
                MemorySegment.copy(bytes, offset, data, ValueLayout.JAVA_BYTE, 0, (int) data.byteSize());
            }
            var wish = arena.allocate(JAVA_LONG);
            wish.set(JAVA_INT, 0, fd);
            wish.set(JAVA_SHORT, Integer.BYTES, event);
            while (enter()) {
                try {
                    boolean last = finished;
                    if (last && call == WRITE) {
                        return -1;
                    }
                    if ((int) POLL.invokeExact(errno, wish, 1L, MOMENT) == 0) {
                        if (last) {
                            return -1;
                        }
                        continue;
                    }
                    long count = (long) call.invokeExact(errno, fd, data, data.byteSize());
                    int error = count < 0 ? errno.get(JAVA_INT, 0) : 0;
                    boolean hungUp = (wish.get(JAVA_SHORT, Integer.BYTES + Short.BYTES) & HANG_UP) != 0;
                    if (error == EINTR || error == EAGAIN && !hungUp) {
                        continue;
                    }
                    if (call == READ && count > 0) {
                        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, 0, bytes, offset, (int) count);
                    }
                    return count == 0 ? -1 : count;
                } finally {
                    leave();
                }
            }
            return -1;
        } catch (Throwable failed) {
            throw new IOException("the terminal failed", failed);
        }
    }

    private void control(long request, MemorySegment argument) throws IOException {
        try (var arena = Arena.ofConfined()) {
            check((int) IOCTL.invokeExact(arena.allocate(ERRNO_LAYOUT), fd, request, argument));
        } catch (Throwable failed) {
            throw new IOException("ioctl " + Long.toHexString(request), failed);
        }
    }

    private synchronized boolean enter() {
        if (closed) {
            return false;
        }
        users++;
        return true;
    }

    private synchronized void leave() {
        users--;
        if (users == 0) {
            try (var arena = Arena.ofConfined()) {
                check((int) CLOSE.invokeExact(arena.allocate(ERRNO_LAYOUT), fd));
            } catch (Throwable impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }

    private static long check(long result) throws IOException {
        if (result < 0) {
            throw new IOException("a system call failed");
        }
        return result;
    }

    @SuppressWarnings("restricted")
    private static MethodHandle call(String name, FunctionDescriptor shape, Linker.Option... more) {
        var options = new Linker.Option[more.length + 1];
        options[0] = ERRNO;
        System.arraycopy(more, 0, options, 1, more.length);
        return LINKER.downcallHandle(LINKER.defaultLookup().find(name).orElseThrow(), shape, options);
    }
}
