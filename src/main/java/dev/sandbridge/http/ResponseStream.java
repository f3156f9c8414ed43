package dev.sandbridge.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer as it is made, with flat memory: a caller that reads slowly blocks the (virtual) thread that
 * writes. Nothing is sent before the first write, so that a failure until then still becomes an ordinary error.
 *
 * <p>A function sends in one piece what it has; an answer that is too long for it becomes an ordinary error.
 *
 * <p>Threads: writes may come from several threads; each write is sent as a whole.
 */
final class ResponseStream extends OutputStream {
    private static final Logger LOG = Logger.getLogger(ResponseStream.class.getName());

    /** How much may be on its way to the caller. */
    private static final int WINDOW = 512 * 1024;

    private static final String TRAILER = "Trailer";

    private final HttpConnection connection;
    private final HttpServerResponse response;
    private final Semaphore window = new Semaphore(WINDOW);
    private final ApiRequest request;
    private final @Nullable HeldAnswer held;
    private @Nullable AnswerTooLong tooLong;

    ResponseStream(RoutingContext http) {
        this.connection = http.request().connection();
        this.response = http.response();
        this.request = ApiRequest.of(http);
        Long limit = request.limits().maxAnswer();
        this.held = limit == null ? null : new HeldAnswer(limit);
    }

    HttpServerResponse head() {
        return response;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    /** Copies: the array may be reused when this returns. */
    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        for (int done = 0; done < length; ) {
            int part = Math.min(length - done, WINDOW / 4);
            send(Buffer.buffer(part).appendBytes(bytes, offset + done, part));
            done += part;
        }
    }

    /** Sends a piece of at most a quarter of the window, and keeps it. */
    void send(Buffer piece) throws IOException {
        if (held != null) {
            hold(held, piece);
            return;
        }
        acquire(piece.length());
        pass(piece, () -> {});
    }

    /** Sends so many bytes, or fewer if the channel ends; how many. The last are not held back for {@link #close}. */
    long transferFrom(ReadableByteChannel from, long bytes) throws IOException {
        long left = bytes;
        while (left > 0) {
            int size = (int) Math.min(left, WINDOW / 4);
            acquire(size);
            ByteBuf memory = PooledByteBufAllocator.DEFAULT.directBuffer(size, size);
            int count = fill(memory, from);
            window.release(size - count);
            if (count == 0) {
                memory.release();
                break;
            }
            left -= count;
            pass(memory);
        }
        return bytes - left;
    }

    private static int fill(ByteBuf memory, ReadableByteChannel from) throws IOException {
        boolean filled = false;
        try {
            ByteBuffer target = memory.nioBuffer(0, memory.capacity());
            while (target.hasRemaining() && from.read(target) >= 0) {
                // Pieces of full size cost the fewest calls.
            }
            memory.writerIndex(target.position());
            filled = true;
            return target.position();
        } finally {
            if (!filled) {
                memory.release();
            }
        }
    }

    /** Sends memory that has one holder. The framework cannot release it, so this does when it is sent. */
    private void pass(ByteBuf memory) throws IOException {
        Buffer piece = Buffer.buffer(memory);
        int length = piece.length();
        boolean passed = false;
        try {
            if (held == null) {
                pass(piece, () -> memory.release());
                passed = true;
            } else {
                hold(held, piece);
                window.release(length);
            }
        } finally {
            if (!passed) {
                memory.release();
            }
        }
    }

    private void hold(HeldAnswer answer, Buffer piece) throws IOException {
        synchronized (response) {
            requireOpen();
            try {
                answer.add(piece);
            } catch (AnswerTooLong overflow) {
                tooLong = overflow;
                throw overflow;
            }
        }
    }

    private void pass(Buffer piece, Runnable sent) throws CallerGone {
        int length = piece.length();
        synchronized (response) {
            requireOpen();
            if (!response.headWritten() && !response.headers().contains(HttpHeaders.CONTENT_LENGTH)) {
                response.setChunked(true);
            }
            response.write(piece).onComplete(end -> {
                sent.run();
                window.release(length);
            });
        }
    }

    /** Sends a piece if that is possible without waiting; for the event loop. */
    void offer(Buffer piece) {
        if (held != null || !window.tryAcquire(piece.length())) {
            return;
        }
        try {
            pass(piece, () -> {});
        } catch (CallerGone noMatter) {
            window.release(piece.length());
        }
    }

    /**
     * Sends the last piece together with the end of the body, and waits until it is sent: the framework sets headers
     * when the resource returns, which must find nothing left to change.
     */
    void finish(Buffer last) throws IOException {
        Future<Void> sent;
        synchronized (response) {
            requireOpen();
            if (held != null) {
                hold(held, last);
            }
            sent = response.end(held == null ? last : held.all());
        }
        try {
            sent.toCompletionStage().toCompletableFuture().get();
        } catch (ExecutionException closed) {
            throw new CallerGone();
        } catch (InterruptedException interrupted) {
            throw interrupted();
        }
    }

    @Override
    public void close() throws IOException {
        finish(Buffer.buffer());
    }

    /** Announces values that are known only at the end: trailers, or headers of an answer in one piece. */
    void announce(String names) {
        if (held == null) {
            response.putHeader(TRAILER, names).setChunked(true);
        }
    }

    /** Tells an announced value, before the end. */
    void conclude(String name, String value) {
        if (held == null) {
            response.putTrailer(name, value);
        } else {
            response.putHeader(name, value);
        }
    }

    /** Makes a failure known: as an error if nothing has been sent yet, otherwise in the log and by {@link #abort}. */
    void fail(RuntimeException failure) {
        if (!response.headWritten()) {
            response.headers()
                    .remove(HttpHeaders.CONTENT_LENGTH)
                    .remove(HttpHeaders.CONTENT_TYPE)
                    .remove(TRAILER);
            AnswerTooLong overflow = tooLong;
            throw overflow == null ? failure : Errors.known(overflow);
        }
        var known = Errors.known(failure);
        LOG.log(Level.WARNING, () -> "an answer was broken off in its middle: " + known.code() + ": " + known.text());
        abort();
    }

    /**
     * Breaks the connection off, so that a body cut short cannot be taken for a whole one. At once: what waits to be
     * sent is lost. Closed by the framework's own handler, the connection would send it first, and with it the end of
     * the body that is written when the resource returns.
     */
    void abort() {
        if (tooLong != null && !response.headWritten()) {
            fail(Errors.known(tooLong));
        }
        if (!response.ended()) {
            ((ConnectionBase) connection).channelHandlerContext().close();
        }
    }

    private void acquire(int bytes) throws IOException {
        try {
            window.acquire(bytes);
        } catch (InterruptedException interrupted) {
            throw interrupted();
        }
    }

    private static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted while the caller read slowly");
    }

    private void requireOpen() throws CallerGone {
        if (request.isCallerGone() || response.closed() || response.ended()) {
            throw new CallerGone();
        }
    }
}
