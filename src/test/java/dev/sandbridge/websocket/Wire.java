package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.http.ServerWebSocket;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/** A connection in memory, as it is after an upgrade: what is sent over it stays on its way until it is let through. */
final class Wire {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;

    /** What is read from a connection at once, about. */
    private static final int READ = 16 * 1024;

    private static final byte[] MASK = {17, -3, 90, 4};

    final EmbeddedChannel channel = new EmbeddedChannel(new WebSocket13FrameDecoder(true, false, READ));

    private final List<Promise<Void>> sent = new ArrayList<>();
    private final List<Integer> closes = new ArrayList<>();
    private Handler<Void> closeHandler = gone -> {};

    /** A frame as a client sends it, not masked to nothing. */
    static byte[] frame(int first, byte[] payload) {
        ByteBuf frame = Unpooled.buffer();
        frame.writeByte(first);
        if (payload.length < 126) {
            frame.writeByte(0x80 | payload.length);
        } else if (payload.length < 1 << 16) {
            frame.writeByte(0x80 | 126).writeShort(payload.length);
        } else {
            frame.writeByte(0x80 | 127).writeLong(payload.length);
        }
        frame.writeBytes(MASK);
        for (int i = 0; i < payload.length; i++) {
            frame.writeByte(payload[i] ^ MASK[i % MASK.length]);
        }
        var bytes = new byte[frame.readableBytes()];
        frame.readBytes(bytes);
        return bytes;
    }

    /** A frame that is a whole message. */
    static byte[] whole(int type, String payload) {
        return frame(0x80 | type, payload.getBytes(UTF_8));
    }

    /** Hands in what a client sends, at most so long as the connection is read; how much of it was. */
    int bring(byte[] bytes) {
        int at = 0;
        while (at < bytes.length && channel.config().isAutoRead()) {
            int size = Math.min(READ, bytes.length - at);
            channel.writeInbound(Unpooled.copiedBuffer(bytes, at, size));
            at += size;
        }
        return at;
    }

    /** Whether the other side reads what it is sent. */
    void taken(boolean is) {
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, is);
        channel.runPendingTasks();
    }

    /** Everything that was sent has arrived. */
    void deliver() {
        List<Promise<Void>> ready;
        synchronized (sent) {
            ready = List.copyOf(sent);
            sent.clear();
        }
        ready.forEach(Promise::complete);
    }

    int underWay() {
        synchronized (sent) {
            return sent.size();
        }
    }

    List<Integer> closes() {
        return closes;
    }

    /** The connection is gone. */
    void end() {
        closeHandler.handle(null);
    }

    @SuppressWarnings("unchecked")
    ServerWebSocket webSocket() {
        return (ServerWebSocket) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ServerWebSocket.class}, (self, method, arguments) -> {
                    switch (method.getName()) {
                        case "closeHandler" -> closeHandler = (Handler<Void>) arguments[0];
                        case "close" -> closes.add(((Number) arguments[0]).intValue());
                        default -> {}
                    }
                    if (method.getReturnType() == Future.class) {
                        return send();
                    }
                    return method.getReturnType().isInstance(self) ? self : null;
                });
    }

    private Future<Void> send() {
        Promise<Void> promise = Promise.promise();
        synchronized (sent) {
            sent.add(promise);
        }
        return promise.future();
    }
}
