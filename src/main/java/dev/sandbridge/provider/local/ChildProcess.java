package dev.sandbridge.provider.local;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * A process that this one started with {@link Spawn}. Its number cannot be reused before {@link #reap} took its end, so
 * signals meet it or nobody. Threads: {@link #reap} by one, {@link #kill} by any.
 */
final class ChildProcess {
    private static final int SIGKILL = 9;
    private static final long PIDFD_OPEN = 434;

    private static final MethodHandle WAITPID = Libc.WAITPID.handle();
    private static final MethodHandle KILL = Libc.KILL.handle();
    private static final MethodHandle SYSCALL = Libc.SYSCALL.handle();

    private final int pid;
    private final Descriptor end;
    private boolean reaped;

    ChildProcess(int pid, Poller poller) throws IOException {
        this.pid = pid;
        try {
            end = new Descriptor(open(pid), poller);
        } catch (IOException failed) {
            kill();
            waitpid();
            throw failed;
        }
    }

    int pid() {
        return pid;
    }

    /** Nothing happens once it was reaped. */
    synchronized void kill() {
        if (!reaped) {
            try (var buffer = NativeBuffer.lease()) {
                int ignored = (int) KILL.invokeExact(buffer.errno(), pid, SIGKILL);
            } catch (Throwable impossible) {
                throw new LinkageError("kill", impossible);
            }
        }
    }

    /** Waits, holding no carrier thread, for the end; returns the raw wait status. Called once. */
    int reap() throws IOException {
        try (end) {
            end.enter();
            try {
                end.await(Poller.Direction.READ);
            } finally {
                end.leave();
            }
            return waitpid();
        }
    }

    private synchronized int waitpid() {
        try (var arena = Arena.ofConfined()) {
            var errno = arena.allocate(Libc.CAPTURE);
            MemorySegment status = arena.allocate(ValueLayout.JAVA_INT);
            int result;
            do {
                result = (int) WAITPID.invokeExact(errno, pid, status, 0);
            } while (result == -1 && errno.get(ValueLayout.JAVA_INT, 0) == Errno.EINTR);
            reaped = true;
            return status.get(ValueLayout.JAVA_INT, 0);
        } catch (Throwable impossible) {
            throw new LinkageError("waitpid", impossible);
        }
    }

    private static int open(int pid) throws IOException {
        long fd;
        try (var buffer = NativeBuffer.lease()) {
            fd = buffer.result((long) SYSCALL.invokeExact(buffer.errno(), PIDFD_OPEN, (long) pid, 0L));
        } catch (Throwable impossible) {
            throw new LinkageError("pidfd_open", impossible);
        }
        if (fd < 0) {
            throw Errno.failure("pidfd_open", fd);
        }
        return (int) fd;
    }
}
