package dev.sandbridge.provider.blaxel;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One output stream of a command, whose bytes lie in the sandbox as pieces until they are read. What is known about the
 * pieces comes from outside through {@link #seen} and {@link #tell}; the reader fetches and removes them itself.
 */
final class SpooledOutput extends InputStream {
    private static final byte[] NONE = {};

    private final DataPlane plane;
    private final String directory;
    private final String letter;
    private final Runnable interest;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();

    private int piece;
    private long offset;
    private final TreeMap<Integer, Long> sizes = new TreeMap<>();
    private boolean ended;

    /** A listing that shows the end may still lack what was there before it; the next one does not. */
    private boolean endSeen;

    /** The current piece got its last byte before the last fetch of it began. */
    private boolean whole;

    private byte[] buffer = NONE;
    private int position;
    private byte @Nullable [] told;
    private boolean closed;
    private boolean gone;
    private @Nullable IOException broken;

    /** When this last moved, in nano time. */
    private volatile long moved = System.nanoTime();

    private volatile boolean uncertain;
    private volatile boolean waiting;

    /**
     * @param letter {@code o} or {@code e}
     * @param interest is run when somebody waits for news
     */
    SpooledOutput(DataPlane plane, String directory, String letter, Runnable interest) {
        this.plane = plane;
        this.directory = directory;
        this.letter = letter;
        this.interest = interest;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (true) {
            Step step = next();
            switch (step) {
                case COPY -> {
                    return copy(bytes, from, length);
                }
                case END -> {
                    return -1;
                }
                case FETCH -> fetch();
                case REMOVE -> remove();
            }
        }
    }

    @Override
    public int available() throws IOException {
        lock.lock();
        try {
            if (closed) {
                throw new IOException("the stream is closed");
            }
            long known = buffer.length - position;
            byte[] all = told;
            if (all != null && piece == 0) {
                known += Math.max(0, all.length - offset);
            } else {
                for (var size : sizes.tailMap(piece).entrySet()) {
                    known += size.getValue() - (size.getKey() == piece ? offset : 0);
                }
            }
            if (known <= 0 && uncertain && !ended && !gone) {
                known = 1;
            }
            return (int) Math.min(Integer.MAX_VALUE, Math.max(0, known));
        } finally {
            lock.unlock();
            interest.run();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            news.signalAll();
        } finally {
            lock.unlock();
        }
        interest.run();
    }

    /** Takes what a look at the directory has shown. */
    boolean seen(Map<String, Long> files) {
        lock.lock();
        try {
            boolean changed = false;
            for (var file : files.entrySet()) {
                String name = file.getKey();
                if (name.equals(letter + ".end")) {
                    changed |= !ended;
                    ended = endSeen;
                    endSeen = true;
                } else if (name.matches(letter + "\\.[0-9]{1,9}")) {
                    int number = Integer.parseInt(name.substring(2));
                    if (number >= piece) {
                        Long before = sizes.put(number, file.getValue());
                        changed |= before == null || !before.equals(file.getValue());
                    }
                }
            }
            if (changed) {
                moved = System.nanoTime();
                news.signalAll();
            }
            return changed;
        } finally {
            lock.unlock();
        }
    }

    /** Takes all bytes of a short stream, which are no longer in the sandbox. */
    void tell(byte[] all) {
        lock.lock();
        try {
            told = all;
            ended = true;
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Ends the stream for its reader: with a failure, or as if it were at its end where the sandbox is gone. */
    void lose(@Nullable IOException failure) {
        lock.lock();
        try {
            broken = failure;
            gone = failure == null;
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Whether more may come although nothing is known to; from the command's end until that is sure. */
    void uncertain(boolean value) {
        uncertain = value;
    }

    long moved() {
        return moved;
    }

    /** Whether nobody needs to look for this stream any more. */
    boolean isSettled() {
        lock.lock();
        try {
            return ended || closed || gone || broken != null;
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

    boolean isWaiting() {
        return waiting;
    }

    private enum Step {
        COPY,
        FETCH,
        REMOVE,
        END
    }

    private Step next() throws IOException {
        lock.lock();
        try {
            while (true) {
                if (closed) {
                    throw new IOException("the stream is closed");
                }
                if (position < buffer.length) {
                    return Step.COPY;
                }
                byte[] all = told;
                if (all != null) {
                    if (piece > 0 || offset >= all.length) {
                        return Step.END;
                    }
                    buffer = Arrays.copyOfRange(all, (int) offset, all.length);
                    position = 0;
                    offset = all.length;
                    return Step.COPY;
                }
                if (gone) {
                    return Step.END;
                }
                if (broken != null) {
                    throw new IOException("the command's output was lost", broken);
                }
                if (whole) {
                    return Step.REMOVE;
                }
                if (offset < sizes.getOrDefault(piece, 0L) || isComplete(piece) && sizes.containsKey(piece)) {
                    return Step.FETCH;
                }
                if (ended && sizes.tailMap(piece).isEmpty()) {
                    return Step.END;
                }
                await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void await() throws InterruptedIOException {
        waiting = true;
        interest.run();
        try {
            news.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for output");
        } finally {
            waiting = false;
        }
    }

    private boolean isComplete(int number) {
        return ended || sizes.higherKey(number) != null;
    }

    private int copy(byte[] bytes, int from, int length) {
        lock.lock();
        try {
            int count = Math.min(length, buffer.length - position);
            System.arraycopy(buffer, position, bytes, from, count);
            position += count;
            if (position == buffer.length) {
                buffer = NONE;
                position = 0;
            }
            return count;
        } finally {
            lock.unlock();
        }
    }

    /** Gets the rest of the current piece as far as it is written; a piece is never longer than 1 MiB. */
    private void fetch() throws IOException {
        boolean complete;
        lock.lock();
        try {
            complete = isComplete(piece);
        } finally {
            lock.unlock();
        }
        byte[] bytes = NONE;
        try (var body = plane.open("reading output", path(piece), "bytes=" + offset + "-")
                .body()) {
            bytes = body.readNBytes(2 << 20);
        } catch (Refused refused) {
            if (refused.refusal().status() == 404 && refused.refusal().party() == Refusal.Party.SANDBOX) {
                awaitExplanation();
                return;
            }
            if (refused.refusal().status() != 416) {
                throw new IOException("the command's output could not be read", refused.failure());
            }
        }
        lock.lock();
        try {
            offset += bytes.length;
            buffer = bytes;
            position = 0;
            whole = complete;
            sizes.merge(piece, offset, Math::max);
            moved = System.nanoTime();
        } finally {
            lock.unlock();
        }
    }

    /** A piece has vanished: the runner has told all it held, or is about to. */
    private void awaitExplanation() throws IOException {
        lock.lock();
        try {
            while (told == null && !closed && !gone && broken == null) {
                await();
            }
        } finally {
            lock.unlock();
        }
    }

    private void remove() throws IOException {
        plane.remove(path(piece));
        lock.lock();
        try {
            sizes.headMap(piece, true).clear();
            piece++;
            offset = 0;
            whole = false;
            moved = System.nanoTime();
        } finally {
            lock.unlock();
        }
        interest.run();
    }

    private String path(int number) {
        return directory + "/" + letter + "." + number;
    }
}
