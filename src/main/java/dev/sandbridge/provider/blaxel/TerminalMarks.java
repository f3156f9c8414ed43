package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A terminal's output on its way to who reads it. Notes every now and then how far that is, so that after a sudden end
 * of this service the next one finds the place in what Blaxel still has, which is a few times more.
 */
final class TerminalMarks extends InputStream {
    private static final Logger LOG = Logger.getLogger(TerminalMarks.class.getName());

    /** Blaxel keeps 100 KB. */
    private static final int STEP = 32_000;

    private final InputStream in;
    private final Consumer<TerminalMark> keeper;
    private final Duration pause;
    private final ReentrantLock lock = new ReentrantLock();
    private byte[] tail = {};
    private long total;
    private long marked;
    private boolean marking;
    private boolean closed;

    /**
     * @param first the offset of the first byte
     * @param keeper may take as long as a call
     * @param pause between two calls
     */
    TerminalMarks(InputStream in, long first, Consumer<TerminalMark> keeper, Duration pause) {
        this.in = in;
        this.total = first;
        this.marked = first;
        this.keeper = keeper;
        this.pause = pause;
    }

    /** Notes where it has come to by now. */
    void mark() {
        TerminalMark now = now();
        try {
            keeper.accept(now);
        } catch (SandboxException lost) {
            LOG.log(Level.FINE, "how far a terminal's output was read could not be noted", lost);
        }
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int count = in.read(bytes, offset, length);
        if (count > 0) {
            passed(bytes, offset, count);
        }
        return count;
    }

    @Override
    public int available() throws IOException {
        return in.available();
    }

    /** Notes nothing more. */
    @Override
    public void close() throws IOException {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
        in.close();
    }

    private void passed(byte[] bytes, int offset, int count) {
        lock.lock();
        try {
            int fresh = Math.min(count, TerminalMark.LONGEST);
            int kept = Math.min(tail.length, TerminalMark.LONGEST - fresh);
            byte[] last = Arrays.copyOfRange(tail, tail.length - kept, tail.length + fresh);
            System.arraycopy(bytes, offset + count - fresh, last, kept, fresh);
            tail = last;
            total += count;
            if (!marking && total - marked >= STEP) {
                marking = true;
                Thread.ofVirtual().name("blaxel-terminal-mark").start(this::keep);
            }
        } finally {
            lock.unlock();
        }
    }

    private void keep() {
        try {
            while (isDue()) {
                mark();
                Http.sleep(pause.toNanos());
            }
        } catch (IOException interrupted) {
            LOG.log(Level.FINE, "interrupted", interrupted);
        }
    }

    private boolean isDue() {
        lock.lock();
        try {
            marking = !closed && total - marked >= STEP;
            return marking;
        } finally {
            lock.unlock();
        }
    }

    private TerminalMark now() {
        lock.lock();
        try {
            marked = total;
            return TerminalMark.of(total, tail);
        } finally {
            lock.unlock();
        }
    }
}
