package dev.sandbridge.websocket;

import dev.sandbridge.process.MemoryBudget;
import io.netty.channel.Channel;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One open WebSocket for blocking code: one thread takes what comes, any thread sends. Both ways it is as fast as the
 * slower side: what is not taken is not read from the connection, and what is not yet sent makes senders wait. Holds no
 * buffer while nothing passes.
 */
final class Socket {
    static final int NORMAL = 1000;
    static final int GOING_AWAY = 1001;
    static final int NOT_ALLOWED = 1008;
    static final int FAILED = 1011;

    private static final int PROTOCOL_ERROR = 1002;

    /** What may be on its way to the connection at once. */
    private static final int WINDOW = 256 * 1024;

    /** What is on its way with a message beside its bytes. */
    private static final int ENVELOPE = 512;

    /** What is read ahead of its taker, so that the end of a connection shows also while nobody takes. */
    private static final int AHEAD = 1 << 20;

    /** What of that each socket may have whatever others have: enough for any piece and its frame. */
    private static final int OWN = 2 * FrameReader.PIECE;

    /** What a frame takes beside its bytes: an empty one is not for nothing. */
    private static final int FRAME = 128;

    private final ServerWebSocket ws;
    private final FrameReader reader = new FrameReader(new Arrival());
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    // Gives back what it needed for many frames, which an array would keep.
    private final Queue<Frame> frames = new ConcurrentLinkedQueue<>();
    private final InputShare share;
    private final Semaphore window = new Semaphore(WINDOW);
    private final CountDownLatch closed = new CountDownLatch(1);
    private boolean full;
    private boolean unwanted;

    /**
     * A message or a piece of one.
     *
     * @param last whether the message ends with it
     */
    record Frame(boolean text, byte[] bytes, boolean last) {
        private int size() {
            return FRAME + bytes.length;
        }
    }

    /** What comes from the connection, on its own thread. */
    private final class Arrival implements FrameReader.Taker {
        @Override
        public boolean hasRoom(int bytes) {
            lock.lock();
            try {
                full = !unwanted && (share.held() >= AHEAD || !share.grow(FRAME + bytes));
                return !full;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void take(boolean text, byte[] bytes, boolean last) {
            lock.lock();
            try {
                if (!unwanted) {
                    frames.add(new Frame(text, bytes, last));
                    arrived.signalAll();
                }
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void broken(String why) {
            close(PROTOCOL_ERROR, why);
        }
    }

    /**
     * On the connection's own thread, before anything has arrived.
     *
     * @param memory for what is read ahead
     */
    Socket(ServerWebSocket ws, Channel channel, MemoryBudget memory) {
        this.ws = ws;
        this.share = new InputShare(memory, OWN);
        ws.exceptionHandler(broken -> {});
        ws.closeHandler(gone -> end());
        reader.install(channel);
    }

    /** Whether anything has come since this was last asked. On the connection's own thread. */
    boolean hasHeard() {
        return reader.hasHeard();
    }

    /** What comes next; waits for it. Null once the connection is closed and everything before that was taken. */
    @Nullable
    Frame next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (frames.isEmpty() && !isClosed()) {
                arrived.await();
            }
            Frame frame = frames.poll();
            if (frame == null) {
                return null;
            }
            share.shrink(frame.size());
            readOn();
            return frame;
        } finally {
            lock.unlock();
        }
    }

    /** Drops what has come and what will come: nobody takes any more. */
    void ignore() {
        lock.lock();
        try {
            unwanted = true;
            frames.clear();
            share.clear();
            readOn();
        } finally {
            lock.unlock();
        }
    }

    private void readOn() {
        if (full && !isClosed()) {
            full = false;
            reader.resume();
        }
    }

    /** Sends a binary message; waits while too much is on its way. */
    void send(byte[] bytes) throws IOException {
        send(bytes.length, () -> ws.writeBinaryMessage(Buffer.buffer(bytes)));
    }

    /** Sends a text message, after everything that was sent before it; waits while too much is on its way. */
    void send(String message) throws IOException {
        send(message.length(), () -> ws.writeTextMessage(message));
    }

    private void send(int length, Supplier<Future<Void>> write) throws IOException {
        int size = Math.min(ENVELOPE + length, WINDOW);
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
        write.get().onComplete(sent -> window.release(size));
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
