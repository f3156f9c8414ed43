package dev.sandbridge.provider.blaxel;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Output of a terminal that its reader has not taken yet. Writing never waits, because Blaxel drops without a word what
 * is not taken at once. Beyond a limit the oldest output is dropped here, and a line in its place says how much.
 */
final class TerminalSpool extends InputStream {
    private final int limit;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();
    private final ArrayDeque<byte[]> pieces = new ArrayDeque<>();
    private int position;
    private int kept;
    private long dropped;
    private boolean ended;
    private boolean closed;
    private @Nullable IOException broken;

    /** @param limit bytes that are kept for a slow reader */
    TerminalSpool(int limit) {
        this.limit = limit;
    }

    /** @param bytes never changed afterwards */
    void write(byte[] bytes) {
        lock.lock();
        try {
            if (closed || bytes.length == 0) {
                return;
            }
            pieces.add(bytes);
            kept += bytes.length;
            while (kept > limit && pieces.size() > 1) {
                int gone = pieces.remove().length - position;
                position = 0;
                kept -= gone;
                dropped += gone;
            }
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing follows; with a failure, where reading beyond what there is must fail. */
    void end(@Nullable IOException failure) {
        lock.lock();
        try {
            ended = true;
            broken = failure;
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
            return 0;
        }
        lock.lock();
        try {
            while (pieces.isEmpty() && !ended && !closed) {
                news.await();
            }
            if (closed) {
                throw new IOException("the terminal is closed");
            }
            if (pieces.isEmpty()) {
                if (broken != null) {
                    throw new IOException("the terminal broke off", broken);
                }
                return -1;
            }
            confess();
            byte[] piece = pieces.element();
            int count = Math.min(length, piece.length - position);
            System.arraycopy(piece, position, bytes, offset, count);
            position += count;
            kept -= count;
            if (position == piece.length) {
                pieces.remove();
                position = 0;
            }
            return count;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for a terminal");
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int available() throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new IOException("the terminal is closed");
            }
            return kept;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            pieces.clear();
            kept = 0;
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void confess() {
        if (dropped > 0) {
            byte[] notice =
                    TerminalNotice.of(dropped + " bytes of output were dropped: they came faster than they were read");
            pieces.addFirst(notice);
            kept += notice.length;
            dropped = 0;
        }
    }
}
