package dev.sandbridge.pty;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.process.ExitStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A terminal whose program is the test: it holds as little as a real one and makes the program wait as one does. */
final class PipeTerminal implements Terminal {
    private static final int CAPACITY = 4096;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final byte[] held = new byte[CAPACITY];
    private int size;
    private long shown;
    private boolean ended;
    private boolean closed;
    private boolean broken;
    private boolean killed;
    private volatile @Nullable IOException refusal;
    private final ByteArrayOutputStream typed = new ByteArrayOutputStream();
    private volatile TerminalSize size0 = TerminalSize.DEFAULT;
    private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();

    /** The program writes; false once the terminal is gone. */
    boolean show(byte[] bytes) {
        lock.lock();
        try {
            for (int done = 0; done < bytes.length; ) {
                while (size == CAPACITY && !closed) {
                    changed.awaitUninterruptibly();
                }
                if (closed) {
                    return false;
                }
                int n = Math.min(CAPACITY - size, bytes.length - done);
                System.arraycopy(bytes, done, held, size, n);
                size += n;
                done += n;
                shown += n;
                changed.signalAll();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The last process lets go of the terminal. */
    void end(int code) {
        exit.complete(ExitStatus.exited(code));
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The command ends, a child of it stays. */
    void exitOnly(int code) {
        exit.complete(ExitStatus.exited(code));
    }

    /** What it holds can still be read, but nothing else of it works. */
    void breakOff() {
        lock.lock();
        try {
            broken = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing can be typed, for this reason; null: everything can. */
    void refuse(@Nullable IOException reason) {
        refusal = reason;
    }

    long shown() {
        lock.lock();
        try {
            return shown;
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    boolean isKilled() {
        return killed;
    }

    String typed() {
        return typed.toString(UTF_8);
    }

    TerminalSize size() {
        return size0;
    }

    @Override
    public int pid() {
        return 7;
    }

    @Override
    public OutputStream input() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                IOException reason = refusal;
                if (reason != null) {
                    throw reason;
                }
                typed.write(bytes, offset, length);
            }
        };
    }

    @Override
    public InputStream output() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                var one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                Objects.checkFromIndexSize(offset, length, bytes.length);
                lock.lock();
                try {
                    while (size == 0 && !ended && !closed && !broken) {
                        changed.awaitUninterruptibly();
                    }
                    if (closed || broken && size == 0) {
                        throw new IOException("closed");
                    }
                    if (size == 0) {
                        return -1;
                    }
                    int n = Math.min(length, size);
                    System.arraycopy(held, 0, bytes, offset, n);
                    System.arraycopy(held, n, held, 0, size - n);
                    size -= n;
                    changed.signalAll();
                    return n;
                } finally {
                    lock.unlock();
                }
            }

            @Override
            public int available() throws IOException {
                lock.lock();
                try {
                    if (broken) {
                        throw new IOException("broken off");
                    }
                    return size;
                } finally {
                    lock.unlock();
                }
            }
        };
    }

    @Override
    public void resize(TerminalSize wanted) {
        size0 = wanted;
    }

    @Override
    public CompletableFuture<ExitStatus> exit() {
        return exit;
    }

    @Override
    public void kill() {
        killed = true;
        exit.complete(ExitStatus.killed(9));
        end(137);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
