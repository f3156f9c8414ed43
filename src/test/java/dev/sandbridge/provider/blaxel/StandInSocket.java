package dev.sandbridge.provider.blaxel;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** The server's end of a WebSocket, with the vendor's habit of sending long messages in two frames. */
final class StandInSocket {
    private static final int ONE_FRAME = 1024;
    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;

    private final Exchange exchange;
    private final Runnable pinged;
    private final DataInputStream in;
    private final OutputStream out;

    private StandInSocket(Exchange exchange, Runnable pinged) {
        this.exchange = exchange;
        this.pinged = pinged;
        this.in = new DataInputStream(exchange.in());
        this.out = exchange.out();
    }

    /** Null, with an answer, where the request is no handshake. */
    static @Nullable StandInSocket of(Exchange exchange, Runnable pinged) throws IOException {
        String key = exchange.header("Sec-WebSocket-Key");
        if (!exchange.header("Upgrade").equalsIgnoreCase("websocket") || key.isEmpty()) {
            exchange.bytes(400, "text/plain", SmallServer.utf8("Bad Request"));
            return null;
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1")
                    .digest(SmallServer.utf8(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
            exchange.upgrade(Base64.getEncoder().encodeToString(hash));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
        return new StandInSocket(exchange, pinged);
    }

    /** The next message of the client; null when it has said goodbye. Pings are answered when they are met. */
    @Nullable
    String next() throws IOException {
        var message = new ByteArrayOutputStream();
        while (true) {
            int first = in.readUnsignedByte();
            int length = in.readUnsignedByte();
            if ((length & 0x80) == 0) {
                throw new IOException("a client must mask");
            }
            long size = length & 0x7F;
            size = size == 126 ? in.readUnsignedShort() : size == 127 ? in.readLong() : size;
            byte[] mask = in.readNBytes(4);
            byte[] data = in.readNBytes((int) size);
            for (int i = 0; i < data.length; i++) {
                data[i] ^= mask[i % 4];
            }
            switch (first & 0xF) {
                case PING -> {
                    pinged.run();
                    frame(true, PONG, data);
                }
                case PONG -> {}
                case CLOSE -> {
                    frame(true, CLOSE, Arrays.copyOf(data, Math.min(2, data.length)));
                    return null;
                }
                case 0, TEXT, BINARY -> {
                    message.write(data);
                    if ((first & 0x80) != 0) {
                        return message.toString(StandardCharsets.UTF_8);
                    }
                }
                default -> throw new IOException("an unknown frame");
            }
        }
    }

    void send(String text) throws IOException {
        byte[] bytes = SmallServer.utf8(text);
        if (bytes.length <= ONE_FRAME) {
            frame(true, TEXT, bytes);
        } else {
            frame(false, TEXT, bytes);
            frame(true, 0, new byte[0]);
        }
    }

    void close(int code, String reason) throws IOException {
        byte[] text = SmallServer.utf8("xx" + reason);
        text[0] = (byte) (code >> 8);
        text[1] = (byte) code;
        frame(true, CLOSE, text);
    }

    /** Ends the connection once its client has: until then, what was sent is on its way. */
    void awaitEnd() {
        try {
            while (next() != null) {
                // What it says does not matter any more.
            }
        } catch (IOException gone) {
            // It has ended.
        } finally {
            drop();
        }
    }

    /** Ends the connection without a word: its client sees 1006. */
    void drop() {
        try {
            exchange.hangUp();
        } catch (IOException gone) {
            // It has ended already.
        }
    }

    private synchronized void frame(boolean last, int kind, byte[] data) throws IOException {
        var frame = new ByteArrayOutputStream();
        frame.write((last ? 0x80 : 0) | kind);
        if (data.length < 126) {
            frame.write(data.length);
        } else if (data.length < 1 << 16) {
            frame.write(126);
            frame.write(data.length >> 8);
            frame.write(data.length);
        } else {
            frame.write(127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                frame.write((int) ((long) data.length >> shift));
            }
        }
        frame.write(data);
        out.write(frame.toByteArray());
        out.flush();
    }
}
