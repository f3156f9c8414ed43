package dev.sandbridge.provider.blaxel;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Input of a command, carried into the sandbox as numbered pieces, at most two ahead of what the command has read. A
 * piece is not sent again under another number, so none arrives twice.
 */
final class SpooledInput extends OutputStream {
    private static final int PIECE = 1 << 20;
    private static final int AHEAD = 2;
    private static final long SOON = 2_000_000_000L;

    private final DataPlane plane;
    private final String directory;
    private final Runnable interest;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();
    private byte[] buffer = new byte[1024];
    private int filled;
    private int sent;
    private int unread;
    private boolean waiting;
    private boolean ended;
    private boolean closed;

    SpooledInput(DataPlane plane, String directory, Runnable interest) {
        this.plane = plane;
        this.directory = directory;
        this.interest = interest;
    }

    /** Input of a command that has none. */
    static OutputStream none() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("the command was started without stdin");
            }
        };
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
        requireOpen();
        for (int done = 0; done < length; ) {
            if (filled == PIECE) {
                send();
            }
            int count = Math.min(length - done, PIECE - filled);
            if (filled + count > buffer.length) {
                buffer = java.util.Arrays.copyOf(buffer, Math.min(PIECE, Math.max(filled + count, buffer.length * 2)));
            }
            System.arraycopy(bytes, from + done, buffer, filled, count);
            filled += count;
            done += count;
        }
    }

    @Override
    public void flush() throws IOException {
        if (filled > 0) {
            send();
        }
    }

    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        try {
            if (!isEnded()) {
                flush();
                putEnd();
            }
        } finally {
            closed = true;
            buffer = new byte[0];
        }
    }

    /** Takes what a look at the directory has shown. */
    void seen(Map<String, Long> files) {
        lock.lock();
        try {
            int left = 0;
            for (String name : files.keySet()) {
                left += name.matches("i\\.[0-9]+\\.[0-9]+") ? 1 : 0;
            }
            unread = left;
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing reads any more. */
    void end() {
        lock.lock();
        try {
            ended = true;
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean isWaiting() {
        lock.lock();
        try {
            return waiting;
        } finally {
            lock.unlock();
        }
    }

    private boolean isEnded() {
        lock.lock();
        try {
            return ended;
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new IOException("stdin is closed");
        }
        if (isEnded()) {
            throw new IOException("the command has ended");
        }
    }

    private void send() throws IOException {
        lock.lock();
        try {
            waiting = true;
            while (unread >= AHEAD && !ended) {
                interest.run();
                news.await();
            }
            unread++;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for the command to read its stdin");
        } finally {
            waiting = false;
            lock.unlock();
        }
        requireOpen();
        int length = filled;
        put(length);
        filled = 0;
    }

    /** A command that ends on the end of its input may be gone, with the piece, before its arrival is confirmed. */
    private void putEnd() throws IOException {
        try {
            put(0);
        } catch (IOException failed) {
            if (!isEnded()) {
                throw failed;
            }
        }
    }

    private boolean endsSoon() throws InterruptedIOException {
        lock.lock();
        try {
            long left = SOON;
            while (!ended && left > 0) {
                left = news.awaitNanos(left);
            }
            return ended;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while stdin was closed");
        } finally {
            lock.unlock();
        }
    }

    private void put(int length) throws IOException {
        String path = directory + "/i." + sent + "." + length;
        try {
            if (length == 0) {
                plane.makeEmptyFile(path);
            } else {
                plane.upload("writing to stdin", path, buffer, length);
            }
            sent++;
        } catch (InterruptedIOException interrupted) {
            throw interrupted;
        } catch (Refused refused) {
            throw explained(new IOException("stdin could not be passed on", refused.failure()));
        } catch (IOException broken) {
            throw explained(broken);
        }
    }

    /** A command that ends takes the place of its input away before its end is heard of. */
    private IOException explained(IOException failure) throws InterruptedIOException {
        return endsSoon() ? new IOException("the command has ended") : failure;
    }
}
