package dev.sandbridge.websocket;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.http.Upgrade;
import dev.sandbridge.http.UpgradeEntrance;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.sandbox.TerminalService;
import io.netty.channel.Channel;
import io.quarkus.runtime.configuration.MemorySize;
import io.vertx.core.Context;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.net.impl.ConnectionBase;
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

    private static final String VERSION = "Sec-WebSocket-Version";
    private static final String PROTOCOL = "Sec-WebSocket-Protocol";

    private final UpgradeEntrance entrance;
    private final Origins origins;
    private final TerminalService terminals;
    private final WebSocketConfig config;
    private final OpenSockets sockets;

    // Apart, so that what is typed ahead into programs that do not read leaves room for commands.
    private final MemoryBudget typedAhead =
            new MemoryBudget(Runtime.getRuntime().maxMemory() / 16);
    private final MemoryBudget firstMessages;
    private final LostPeers lost = new LostPeers();

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
        this.firstMessages = new MemoryBudget(config.firstMessages()
                .map(MemorySize::asLongValue)
                .orElse(Runtime.getRuntime().maxMemory() / 8));
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
        if (upgrade.header(VERSION) == null) {
            // Without one it would be the draft of a protocol that has no frames as we read them.
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "a WebSocket upgrade needs " + VERSION + ": 13");
        }
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
        Channel channel = ((ConnectionBase) http.request().connection()).channel();
        var socket = new Socket(opened, channel, typedAhead);
        Pulse.start(
                http.vertx(),
                config.ping(),
                opened,
                channel,
                socket,
                lost,
                () -> entrance.stillAdmits(request.caller()));
        var session = new TerminalSession(terminals, request, socket, config, entrance, firstMessages);
        sockets.add(socket, request.call().isNamed());
        Thread.ofVirtual().start(() -> {
            try {
                session.run();
            } finally {
                socket.ignore();
                sockets.remove(socket);
                end.run();
            }
        });
    }
}
