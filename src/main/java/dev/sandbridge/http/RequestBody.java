package dev.sandbridge.http;

import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request as it comes, which may not be longer than a limit, whatever its headers say. What was not read
 * yet waits here, so that network and reader work at the same time; when a window of it waits, so does the caller.
 * Nothing is asked of the caller before the first read.
 *
 * <p>A read that fails with {@link CallerGone} is the caller's doing, with {@link InterruptedIOException} a time limit
 * of ours.
 *
 * <p>Threads: one reads, and blocks; the event loop adds.
 */
final class RequestBody extends InputStream {
    /** How much may wait; four pieces, as the framework reads them. */
    private static final int WINDOW = 256 * 1024;

    /** A body may pause this long; the sandbox's own limits end sooner what takes too long as a whole. */
    private static final long PAUSE_MINUTES = 10;

    private static final String CONTINUE = "100-continue";

    private final HttpServerRequest request;
    private final Context connection;
    private final long limit;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // Under the lock.
    private final ArrayDeque<Buffer> pieces = new ArrayDeque<>();
    private int waiting;
    private boolean full;
    private boolean ended;
    private boolean gone;

    // The reader's own.
    private boolean begun;
    private @Nullable Buffer piece;
    private int position;
    private long taken;

    /**
     * @param request paused, and read by nobody else until the answer was given
     * @param connection of its event loop
     */
    RequestBody(HttpServerRequest request, Context connection, long limit) {
        this.request = request;
        this.connection = connection;
        this.limit = limit;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    /** Blocks until there is something, and takes what is there. */
    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        int done = 0;
        while (done < length) {
            Buffer from = piece == null ? next(done == 0) : piece;
            if (from == null) {
                break;
            }
            int count = Math.min(length - done, from.length() - position);
            from.getBytes(position, position + count, bytes, offset + done);
            position += count;
            done += count;
            piece = position < from.length() ? from : null;
        }
        taken += done;
        if (taken > limit) {
            throw new TooLong(limit);
        }
        return done == 0 && length > 0 ? -1 : done;
    }

    /** The next piece, or null where there is none, at the end or if nobody wants to wait. */
    private @Nullable Buffer next(boolean patient) throws IOException {
        begin();
        Buffer next;
        boolean more;
        try {
            lock.lockInterruptibly();
            try {
                while (patient && pieces.isEmpty() && !ended) {
                    if (gone || !changed.await(PAUSE_MINUTES, TimeUnit.MINUTES)) {
                        throw new CallerGone();
                    }
                }
                next = pieces.poll();
                waiting -= next == null ? 0 : next.length();
                more = full && waiting <= WINDOW / 2;
                full &= !more;
            } finally {
                lock.unlock();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the caller sent slowly");
        }
        position = 0;
        if (more) {
            // The framework's lock is the event loop's nearly all the time; a reader who asks for it spins.
            connection.runOnContext(nothing -> request.resume());
        }
        return next;
    }

    private void begin() {
        if (begun) {
            return;
        }
        begun = true;
        if (request.isEnded()) {
            ended = true;
            return;
        }
        request.handler(this::add)
                .endHandler(nothing -> change(() -> ended = true))
                .exceptionHandler(lost -> callerGone());
        if (CONTINUE.equalsIgnoreCase(request.getHeader(HttpHeaders.EXPECT))) {
            request.response().writeContinue();
        }
        request.resume();
    }

    /** The connection is closed: what has come may still be read. It may have been closed before anybody read. */
    void callerGone() {
        change(() -> gone = true);
    }

    private void add(Buffer received) {
        change(() -> {
            pieces.add(received);
            waiting += received.length();
            if (waiting >= WINDOW && !full) {
                full = true;
                request.pause();
            }
        });
    }

    private void change(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** The door reads what is left, or closes the connection; not the reader of a part. */
    @Override
    public void close() {}

    /** The body went on past the limit. An IOException, because it passes through code that reads streams. */
    static final class TooLong extends IOException {
        private static final long serialVersionUID = 1L;

        TooLong(long limit) {
            super("the body is longer than " + limit + " bytes");
        }
    }
}
