package dev.sandbridge.websocket;

import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpServerOptions;
import jakarta.inject.Singleton;

/** Lets frames be as long as messages may be, and declines compression, which would keep buffers for each socket. */
@Singleton
public final class SocketLimits implements HttpServerOptionsCustomizer {
    private final WebSocketConfig config;

    SocketLimits(WebSocketConfig config) {
        this.config = config;
    }

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
        int most = Math.toIntExact(config.maxMessage().asLongValue());
        options.setMaxWebSocketFrameSize(most)
                .setMaxWebSocketMessageSize(most)
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false);
    }

    @Override
    public void customizeHttpsServer(HttpServerOptions options) {
        customizeHttpServer(options);
    }
}
