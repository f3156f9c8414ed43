package dev.sandbridge.websocket;

import dev.sandbridge.http.Draining;
import jakarta.inject.Singleton;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

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
    private volatile boolean leaving;

    OpenSockets(Draining draining) {
        draining.listen(
                () -> {
                    leaving = true;
                    viewers.forEach(OpenSockets::leave);
                },
                () -> owners.forEach(OpenSockets::leave));
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

    private static void leave(Socket socket) {
        socket.close(Socket.GOING_AWAY, REASON);
    }
}
