package dev.sandbridge.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.lang.reflect.Proxy;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a socket reads ahead of whoever takes it, seen from the connection. */
class SocketTest {
    private static final int FLOOD = 200_000;

    private final Vertx vertx = Vertx.vertx();
    private Handler<WebSocketFrame> frames = frame -> {};
    private long asked;

    @AfterEach
    void end() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 1000})
    void aConnectionIsNotReadWithoutEndWhileNobodyTakesItsFrames(int bytes) {
        new Socket(connection(), vertx, Duration.ofHours(1));

        assertThat(flood(bytes)).isBetween(1L, (1L << 20) / 128 + 1);
    }

    @Test
    void whatIsTakenMakesRoomForMore() throws Exception {
        var socket = new Socket(connection(), vertx, Duration.ofHours(1));
        long first = flood(0);

        for (long i = 0; i < first; i++) {
            assertThat(socket.next()).isNotNull();
        }

        assertThat(flood(0)).isBetween(1L, first);
    }

    /** How many frames the connection is asked for, one after another. */
    private long flood(int bytes) {
        long came = 0;
        for (; asked > 0 && came < FLOOD; came++) {
            asked--;
            frames.handle(WebSocketFrame.binaryFrame(Buffer.buffer(new byte[bytes]), true));
        }
        return came;
    }

    /** A connection that hands a frame out for each that it is asked for. */
    @SuppressWarnings("unchecked")
    private ServerWebSocket connection() {
        return (ServerWebSocket) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {ServerWebSocket.class}, (self, method, arguments) -> {
                    switch (method.getName()) {
                        case "frameHandler" -> frames = (Handler<WebSocketFrame>) arguments[0];
                        case "fetch" -> asked += (Long) arguments[0];
                        default -> {}
                    }
                    return method.getReturnType().isInstance(self) ? self : null;
                });
    }
}
