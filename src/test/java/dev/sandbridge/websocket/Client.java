package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A WebSocket client that shows every frame, sends frames as it is told, and reads no faster than it is told. */
final class Client implements AutoCloseable {
    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    private static final int FINAL = 0x80;
    private static final int PATIENCE = 30_000;

    private final Socket socket = new Socket();
    private final OutputStream out;
    private final DataInputStream in;
    private final Map<String, String> headers = new TreeMap<>();
    private final List<Frame> pings = new ArrayList<>();
    private int status;
    private String body = "";

    /** One frame as it came. */
    record Frame(int type, boolean last, byte[] bytes) {
        String text() {
            return new String(bytes, UTF_8);
        }

        JsonNode json() {
            try {
                return Service.JSON.readTree(bytes);
            } catch (IOException malformed) {
                throw new AssertionError(text(), malformed);
            }
        }

        int closeCode() {
            return bytes.length < 2 ? 1005 : (bytes[0] & 0xFF) << 8 | bytes[1] & 0xFF;
        }
    }

    /** All that came from one message on. */
    record Ending(byte[] output, List<Frame> frames, JsonNode last, int closeCode) {
        String text() {
            return new String(output, UTF_8);
        }

        int code() {
            return last.path("code").asInt(-1);
        }
    }

    private Client(String target, List<String> extra) throws IOException {
        socket.setReceiveBufferSize(64 * 1024);
        socket.connect(new InetSocketAddress("127.0.0.1", Service.port()));
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE);
        out = socket.getOutputStream();
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 16 * 1024));
        var head = new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:" + Service.port()
                + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        extra.forEach(header -> head.append(header).append("\r\n"));
        out.write(head.append("\r\n").toString().getBytes(ISO_8859_1));
        status = Integer.parseInt(line().split(" ")[1]);
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        if (status != 101) {
            int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
            body = new String(in.readNBytes(length), UTF_8);
        }
    }

    /** Asks for a terminal of that sandbox with the test's key. */
    static Client open(String id, String query) {
        return ask("/v1/sandbox/" + id + "/pty" + query, "Authorization: Bearer " + TerminalProfile.KEY);
    }

    /** Asks for an upgrade; whether it was granted is to be seen from the status. */
    static Client ask(String target, String... headers) {
        try {
            return new Client(target, List.of(headers));
        } catch (IOException failed) {
            throw new AssertionError("GET " + target, failed);
        }
    }

    int status() {
        return status;
    }

    String header(String name) {
        return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }

    String body() {
        return body;
    }

    String error() {
        try {
            return Service.JSON.readTree(body).path("error").asText();
        } catch (IOException malformed) {
            throw new AssertionError(body, malformed);
        }
    }

    List<Frame> pings() {
        return pings;
    }

    Client type(String text) {
        return send(BINARY, true, text.getBytes(UTF_8));
    }

    Client text(String text) {
        return send(TEXT, true, text.getBytes(UTF_8));
    }

    Client send(int type, boolean last, byte[] bytes) {
        var frame = new ByteArrayOutputStream(bytes.length + 14);
        frame.write(last ? FINAL | type : type);
        if (bytes.length < 126) {
            frame.write(FINAL | bytes.length);
        } else if (bytes.length < 1 << 16) {
            frame.write(FINAL | 126);
            frame.write(bytes.length >> 8);
            frame.write(bytes.length);
        } else {
            frame.write(FINAL | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                frame.write((int) ((long) bytes.length >> shift));
            }
        }
        // A mask of zeros leaves the bytes as they are.
        frame.writeBytes(new byte[4]);
        frame.writeBytes(bytes);
        try {
            out.write(frame.toByteArray());
        } catch (IOException failed) {
            throw new AssertionError("the connection does not take a frame", failed);
        }
        return this;
    }

    /** The next frame that is no ping; pings are answered. */
    Frame next() {
        long end = System.nanoTime() + PATIENCE * 1_000_000L;
        try {
            while (true) {
                Frame frame = read();
                if (System.nanoTime() > end) {
                    throw new EOFException("nothing but pings");
                }
                if (frame.type() != PING) {
                    return frame;
                }
                pings.add(frame);
                send(PONG, true, frame.bytes());
            }
        } catch (IOException failed) {
            throw new AssertionError("no frame came", failed);
        }
    }

    /** Reads up to {@code ready}; what came before it, and ready itself as the last. */
    List<Frame> ready() {
        var frames = new ArrayList<Frame>();
        do {
            frames.add(next());
        } while (frames.getLast().type() != TEXT
                || !frames.getLast().json().path("type").asText().equals("ready"));
        return frames;
    }

    /** Reads output until it holds the text; all of it. */
    String until(String text) {
        var output = new StringBuilder();
        for (int from = 0; output.indexOf(text, from) < 0; ) {
            from = Math.max(0, output.length() - text.length());
            Frame frame = next();
            if (frame.type() != BINARY) {
                throw new AssertionError("after " + output + " came " + frame.text());
            }
            output.append(new String(frame.bytes(), ISO_8859_1));
        }
        return new String(output.toString().getBytes(ISO_8859_1), UTF_8);
    }

    /** Reads so many bytes of output. */
    byte[] output(int length) {
        var output = new ByteArrayOutputStream();
        while (output.size() < length) {
            Frame frame = next();
            if (frame.type() != BINARY) {
                throw new AssertionError("after " + output.size() + " bytes came " + frame.text());
            }
            output.writeBytes(frame.bytes());
        }
        return output.toByteArray();
    }

    /** Reads to the close frame and answers it. */
    Ending ending() {
        var output = new ByteArrayOutputStream();
        var frames = new ArrayList<Frame>();
        JsonNode last = Service.JSON.nullNode();
        Frame frame = next();
        for (; frame.type() != CLOSE; frame = next()) {
            frames.add(frame);
            if (frame.type() == TEXT) {
                last = frame.json();
            } else {
                output.writeBytes(frame.bytes());
            }
        }
        send(CLOSE, true, frame.bytes());
        return new Ending(output.toByteArray(), frames, last, frame.closeCode());
    }

    /** Runs a command as the SDKs do. */
    static Ending run(String id, String command) {
        try (Client client = open(id, "?cols=80&rows=24")) {
            client.ready();
            return client.type(command + "\n").ending();
        }
    }

    private Frame read() throws IOException {
        int first = in.readUnsignedByte();
        int length = in.readUnsignedByte();
        long size = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
        byte[] bytes = in.readNBytes(Math.toIntExact(size));
        if (bytes.length < size) {
            throw new EOFException();
        }
        return new Frame(first & 0x0F, (first & FINAL) != 0, bytes);
    }

    private String line() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the connection was closed");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(ISO_8859_1);
    }

    /** Goes without a word, as a lost connection does. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }
}
