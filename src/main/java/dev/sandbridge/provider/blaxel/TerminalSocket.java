package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket to a terminal at Blaxel, which carries JSON in text messages, in as many frames as it likes. Sending is
 * for any thread; the receiver is called by one thread at a time and must not wait.
 */
final class TerminalSocket implements WebSocket.Listener {
    /** A replay of 100 KB may be six times as long in JSON. */
    private static final int LONGEST_MESSAGE = 1 << 20;

    private final Receiver receiver;
    private final ReentrantLock sending = new ReentrantLock();
    private final StringBuilder message = new StringBuilder();
    private CompletableFuture<?> sent = CompletableFuture.completedFuture(null);
    private volatile @Nullable WebSocket socket;

    /** What comes. After {@link #lost} nothing does. */
    interface Receiver {
        void received(TerminalSocket from, JsonNode message);

        void answered(TerminalSocket from, long ping);

        /** @param orderly whether the other side said goodbye in the way it does when a shell has ended */
        void lost(TerminalSocket from, boolean orderly);
    }

    TerminalSocket(Receiver receiver) {
        this.receiver = receiver;
    }

    /** Makes it usable; it may be before or after the first message came. */
    void opened(WebSocket open) {
        socket = open;
    }

    /** Sends a message; returns when the network has taken it. */
    void send(JsonNode json) throws IOException {
        String text = new String(Json.bytes(json), StandardCharsets.UTF_8);
        send(open -> open.sendText(text, true));
    }

    /** Asks for an answer, which comes when everything that was sent before has been taken. */
    void ping(long number) throws IOException {
        send(open -> open.sendPing(ByteBuffer.allocate(Long.BYTES).putLong(0, number)));
    }

    /** A sign of life, and one that a shell's server notices when that shell has ended; never waits. */
    void keepAlive(long number) {
        WebSocket open = socket;
        if (open == null || !sending.tryLock()) {
            return;
        }
        try {
            if (sent.isDone()) {
                // Messages of an unknown type are ignored.
                sent = open.sendText("{\"type\":\"probe\"}", true)
                        .thenCompose(same ->
                                same.sendPing(ByteBuffer.allocate(Long.BYTES).putLong(0, number)));
            }
        } finally {
            sending.unlock();
        }
    }

    /** Ends it when all that was sent has been taken. */
    void close() throws IOException {
        send(open -> open.sendClose(WebSocket.NORMAL_CLOSURE, ""));
    }

    /** Ends it at once; the receiver hears nothing more of it. */
    void abort() {
        WebSocket open = socket;
        if (open != null) {
            open.abort();
        }
    }

    /** A WebSocket takes the next message when it has sent the one before, also if who sent that waits no more. */
    private void send(Function<WebSocket, CompletableFuture<WebSocket>> message) throws IOException {
        WebSocket open = socket;
        if (open == null) {
            throw new IOException("the terminal is not connected");
        }
        try {
            sending.lockInterruptibly();
            try {
                sent.get();
                sent = message.apply(open);
                sent.get();
            } finally {
                sending.unlock();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while typing");
        } catch (ExecutionException | IllegalStateException broken) {
            throw new IOException("the connection to the terminal broke", broken);
        }
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket open, CharSequence data, boolean last) {
        message.append(data);
        if (message.length() > LONGEST_MESSAGE) {
            open.abort();
            receiver.lost(this, false);
        } else if (!last) {
            open.request(1);
        } else {
            JsonNode json = Json.read(message.toString().getBytes(StandardCharsets.UTF_8));
            message.setLength(0);
            message.trimToSize();
            receiver.received(this, json);
            open.request(1);
        }
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onPong(WebSocket open, ByteBuffer data) {
        if (data.remaining() == Long.BYTES) {
            receiver.answered(this, data.getLong());
        }
        open.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket open, int status, String reason) {
        receiver.lost(this, status == WebSocket.NORMAL_CLOSURE);
        return null;
    }

    @Override
    public void onError(WebSocket open, Throwable broken) {
        receiver.lost(this, false);
    }
}
