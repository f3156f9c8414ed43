package dev.sandbridge.websocket;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One open WebSocket for blocking code: one thread takes what comes, any thread sends. Both ways it is as fast as the
 * slower side: what is not taken is not read from the connection, and what is not yet sent makes senders wait. Holds no
 * buffer while nothing passes.
 */
final class Socket {
    static final int NORMAL = 1000;
    static final int GOING_AWAY = 1001;
    static final int TOO_BIG = 1009;
    static final int FAILED = 1011;

    /** What may be on its way to the connection at once. */
    private static final int WINDOW = 256 * 1024;

    /** What is read ahead of its taker, so that the end of a connection shows also while nobody takes. */
    private static final int AHEAD = 1 << 20;

    /** What a frame takes beside its bytes: an empty one is not for nothing. */
    private static final int FRAME = 128;

    private final ServerWebSocket ws;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Deque<Frame> frames = new ArrayDeque<>(2);
    private final Semaphore window = new Semaphore(WINDOW);
    private final CountDownLatch closed = new CountDownLatch(1);
    private long waiting;
    private boolean asking = true;
    private boolean text;

    /**
     * Part of a message.
     *
     * @param last whether the message ends with it
     */
    record Frame(boolean text, byte[] bytes, boolean last) {
        private int size() {
            return FRAME + bytes.length;
        }
    }

    /** On the connection's own thread, before anything has arrived. */
    Socket(ServerWebSocket ws, Vertx vertx, Duration ping) {
        this.ws = ws;
        ws.pause();
        ws.frameHandler(this::arrive);
        ws.exceptionHandler(broken -> {});
        long timer = vertx.setPeriodic(ping.toMillis(), tick -> ws.writePing(Buffer.buffer()));
        ws.closeHandler(gone -> {
            vertx.cancelTimer(timer);
            end();
        });
        ws.fetch(1);
    }

    /** What comes next; waits for it. Null once the connection is closed and everything before that was taken. */
    @Nullable
    Frame next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (frames.isEmpty() && !isClosed()) {
                arrived.await();
            }
            Frame frame = frames.pollFirst();
            if (frame == null) {
                return null;
            }
            waiting -= frame.size();
            if (!asking && waiting < AHEAD && !isClosed()) {
                asking = true;
                ws.fetch(1);
            }
            return frame;
        } finally {
            lock.unlock();
        }
    }

    /** Sends a binary message; waits while too much is on its way. */
    void send(byte[] bytes) throws IOException {
        int size = Math.min(bytes.length, WINDOW);
        try {
            window.acquire(size);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the receiver did not read");
        }
        if (isClosed()) {
            window.release(size);
            throw new IOException("the connection is closed");
        }
        ws.writeBinaryMessage(Buffer.buffer(bytes)).onComplete(sent -> window.release(size));
    }

    /** Sends a text message, after everything that was sent before it. */
    void send(String message) {
        ws.writeTextMessage(message);
    }

    /** Closes, after everything that was sent before it. */
    void close(int code, @Nullable String reason) {
        ws.close((short) code, reason);
    }

    boolean isClosed() {
        return closed.getCount() == 0;
    }

    /** Waits until the connection is closed, by whichever side. */
    void awaitClose() throws InterruptedException {
        closed.await();
    }

    /** Waits for the end at most so long; whether it has come. */
    boolean awaitClose(Duration most) throws InterruptedException {
        return closed.await(most.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void arrive(WebSocketFrame frame) {
        if (frame.isText() || frame.isBinary() || frame.isContinuation()) {
            text = frame.isContinuation() ? text : frame.isText();
            if (keep(new Frame(text, frame.binaryData().getBytes(), frame.isFinal()))) {
                ws.fetch(1);
            }
        }
    }

    /** Whether there is room for more. */
    private boolean keep(Frame frame) {
        lock.lock();
        try {
            frames.addLast(frame);
            waiting += frame.size();
            asking = waiting < AHEAD;
            arrived.signalAll();
            return asking;
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            closed.countDown();
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
        // Whoever waits to send finds out.
        window.release(WINDOW);
    }
}
