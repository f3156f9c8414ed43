package dev.sandbridge.provider;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One output stream of a host process, through a named pipe or a terminal: the JDK's own process streams end with the
 * main process, a pipe with the last process that holds it. Closing it ends a waiting read and throws away what still
 * comes.
 */
final class HostOutput extends InputStream {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final byte[] chunk = new byte[64 * 1024];
    private int from;
    private int to;
    private boolean ended;
    private boolean closed;
    private volatile @Nullable InputStream source;

    /** Opens what is to be read; may wait. */
    interface Source {
        InputStream open() throws IOException;
    }

    HostOutput(Path pipe) {
        this(() -> new FileInputStream(pipe.toFile()));
    }

    HostOutput(Source source) {
        Thread.ofPlatform().daemon().name("host-output").start(() -> pump(source));
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (Objects.checkFromIndexSize(offset, length, bytes.length) == offset && length == 0) {
            return 0;
        }
        lock.lock();
        try {
            while (from == to && !ended && !closed) {
                changed.await();
            }
            if (closed) {
                throw new IOException("the stream is closed");
            }
            int n = Math.min(length, to - from);
            if (n == 0) {
                return -1;
            }
            System.arraycopy(chunk, from, bytes, offset, n);
            from += n;
            changed.signalAll();
            return n;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int available() throws IOException {
        lock.lock();
        try {
            var pipe = source;
            return to - from + (ended || closed || pipe == null ? 0 : pipe.available());
        } finally {
            lock.unlock();
        }
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

    private void pump(Source opening) {
        var buffer = new byte[chunk.length];
        try (var in = opening.open()) {
            source = in;
            try {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    hand(buffer, n);
                }
            } finally {
                // Before it is closed: nobody asks a closed one what it holds.
                end();
            }
        } catch (IOException broken) {
            // The command never started.
            end();
        }
    }

    private void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void hand(byte[] bytes, int length) {
        lock.lock();
        try {
            while (from < to && !closed) {
                changed.awaitUninterruptibly();
            }
            System.arraycopy(bytes, 0, chunk, 0, length);
            from = 0;
            to = length;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
