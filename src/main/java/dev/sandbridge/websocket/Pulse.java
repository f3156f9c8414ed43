package dev.sandbridge.websocket;

import dev.sandbridge.error.SandboxException;
import io.netty.channel.Channel;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Pings a connection as long as it is open, so that nothing on the way gives it up, and closes it once its peer is lost
 * or its caller may not come in any more.
 *
 * <p>That no pong comes does not make a peer lost: its program may be busy, or read slowly, with our pings behind
 * output that it has not come to. So a peer that is silent for three pings is lost only if its machine acknowledges
 * nothing either, which it does for a program that only does not read. On the connection's own thread.
 */
final class Pulse {
    private static final int SILENT = 3;

    private final ServerWebSocket ws;
    private final Channel channel;
    private final Socket socket;
    private final LostPeers lost;
    private final BooleanSupplier admitted;
    private int silent;
    private boolean dismissed;
    private boolean pinging;

    private Pulse(ServerWebSocket ws, Channel channel, Socket socket, LostPeers lost, BooleanSupplier admitted) {
        this.ws = ws;
        this.channel = channel;
        this.socket = socket;
        this.lost = lost;
        this.admitted = admitted;
    }

    /** @param admitted whether the caller may still come in; may block, and fail when that is not known just now */
    static void start(
            Vertx vertx,
            Duration every,
            ServerWebSocket ws,
            Channel channel,
            Socket socket,
            LostPeers lost,
            BooleanSupplier admitted) {
        var pulse = new Pulse(ws, channel, socket, lost, admitted);
        long timer = vertx.setPeriodic(every.toMillis(), tick -> pulse.beat());
        channel.closeFuture().addListener(closed -> vertx.cancelTimer(timer));
    }

    private void beat() {
        silent = socket.hasHeard() ? 0 : silent + 1;
        boolean quiet = silent >= SILENT;
        Thread.ofVirtual().start(() -> look(quiet));
        // Those that are still on their way are enough.
        if (!pinging && !socket.isClosed()) {
            pinging = true;
            ws.writePing(Buffer.buffer()).onComplete(written -> pinging = false);
        }
    }

    private synchronized void look(boolean quiet) {
        if (dismissed || (quiet && isLost())) {
            channel.close();
        } else if (!isAdmitted()) {
            // Who does not answer the close by the next beat is cut off.
            dismissed = true;
            socket.ignore();
            socket.close(Socket.NOT_ALLOWED, "the key is not valid any more");
        }
    }

    /** What is not known just now is asked again at the next beat. */
    private boolean isAdmitted() {
        try {
            return admitted.getAsBoolean();
        } catch (SandboxException unknown) {
            return true;
        }
    }

    private boolean isLost() {
        return channel.localAddress() instanceof InetSocketAddress local
                && channel.remoteAddress() instanceof InetSocketAddress remote
                && lost.contains(new LostPeers.Ends(local, remote));
    }
}
