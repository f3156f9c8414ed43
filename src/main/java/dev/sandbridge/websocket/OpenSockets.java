package dev.sandbridge.websocket;

import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Who looks at terminals, to be told when the service ends. Viewers of a terminal with a name are closed as soon as
 * nothing new is taken here, so that they come back where a load balancer sends them, with the offset that they have. A
 * terminal that belongs to its socket goes on as running requests do, for as long as the service waits for these.
 */
@Singleton
final class OpenSockets {
    private static final String REASON = "the service ends; connect again with the offset of what you have";

    private final Set<Socket> viewers = ConcurrentHashMap.newKeySet();
    private final Set<Socket> owners = ConcurrentHashMap.newKeySet();
    private final Vertx vertx;
    private final Duration delay;
    private volatile boolean leaving;

    /** @param delay between the order to end and the refusal of new requests */
    OpenSockets(Vertx vertx, @ConfigProperty(name = "quarkus.shutdown.delay") Duration delay) {
        this.vertx = vertx;
        this.delay = delay;
    }

    /** @param named whether the terminal outlives the socket */
    void add(Socket socket, boolean named) {
        (named ? viewers : owners).add(socket);
        if (named && leaving) {
            leave(socket);
        }
    }

    void remove(Socket socket) {
        viewers.remove(socket);
        owners.remove(socket);
    }

    void drain(@Observes ShutdownDelayInitiatedEvent event) {
        vertx.setTimer(Math.max(1, delay.toMillis()), refusing -> {
            leaving = true;
            viewers.forEach(OpenSockets::leave);
        });
    }

    /** Whoever is still here now. */
    void end(@Observes ShutdownEvent event) {
        viewers.forEach(OpenSockets::leave);
        owners.forEach(OpenSockets::leave);
    }

    private static void leave(Socket socket) {
        socket.close(Socket.GOING_AWAY, REASON);
    }
}
