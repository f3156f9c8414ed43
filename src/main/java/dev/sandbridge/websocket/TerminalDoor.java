package dev.sandbridge.websocket;

import dev.sandbridge.http.Upgrade;
import dev.sandbridge.http.UpgradeEntrance;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.sandbox.TerminalService;
import io.vertx.core.Context;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * {@code GET /v1/sandbox/{id}/pty} as a WebSocket. Everything that can be refused is refused as an HTTP request, before
 * the upgrade; the terminal is opened after it, because the contract's clients wait for a terminal but give up on a
 * refusal.
 */
@Singleton
final class TerminalDoor {
    /** The path as the entrance hands it on, with and without a profile in front. */
    static final String PATH = "/v1/sandbox/:id/pty";

    /** After the entrance, before the resources, whose turn it is when no upgrade is asked for. */
    private static final int ORDER = 0;

    private static final String PROTOCOL = "Sec-WebSocket-Protocol";

    private final UpgradeEntrance entrance;
    private final Origins origins;
    private final TerminalService terminals;
    private final WebSocketConfig config;
    private final OpenSockets sockets;

    TerminalDoor(
            UpgradeEntrance entrance,
            Origins origins,
            SandboxService service,
            WebSocketConfig config,
            OpenSockets sockets) {
        this.entrance = entrance;
        this.origins = origins;
        this.terminals = service.terminals();
        this.config = config;
        this.sockets = sockets;
    }

    void open(@Observes Router router) {
        router.get(PATH).order(ORDER).handler(this::enter);
    }

    private void enter(RoutingContext http) {
        if (!UpgradeEntrance.isUpgrade(http)) {
            http.next();
            return;
        }
        Context connection = http.vertx().getOrCreateContext();
        Thread.ofVirtual().start(() -> {
            try {
                TerminalRequest request = admit(http);
                connection.runOnContext(admitted -> upgrade(http, request));
            } catch (RuntimeException refused) {
                connection.runOnContext(answered -> http.fail(refused));
            }
        });
    }

    private TerminalRequest admit(RoutingContext http) {
        Upgrade upgrade = entrance.admit(http);
        origins.check(upgrade);
        TerminalRequest request = TerminalRequest.of(upgrade);
        terminals.check(request.caller(), request.sandbox());
        return request;
    }

    private void upgrade(RoutingContext http, TerminalRequest request) {
        String offered = http.request().getHeader(PROTOCOL);
        if (offered != null) {
            // A browser goes on only when one of those that it offered is chosen.
            http.response().putHeader(PROTOCOL, offered.split(",")[0].strip());
        }
        Runnable end = UpgradeEntrance.keep(http);
        http.request().toWebSocket().onComplete(opened -> {
            if (opened.succeeded()) {
                serve(http, opened.result(), request, end);
                return;
            }
            end.run();
            if (!http.response().headWritten()) {
                http.fail(400);
            }
        });
    }

    private void serve(RoutingContext http, ServerWebSocket opened, TerminalRequest request, Runnable end) {
        var socket = new Socket(opened, http.vertx(), config.ping());
        var session = new TerminalSession(terminals, request, socket, config, entrance);
        sockets.add(socket, request.call().isNamed());
        Thread.ofVirtual().start(() -> {
            try {
                session.run();
            } finally {
                sockets.remove(socket);
                end.run();
            }
        });
    }
}
