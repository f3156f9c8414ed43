package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One request and its answer. */
final class Exchange {
    private final String method;
    private final String target;
    private final Map<String, String> headers;
    private final InputStream in;
    private final InputStream body;
    private final OutputStream out;
    private final Socket connection;
    private volatile boolean over;
    private volatile boolean answered;
    private @Nullable JsonNode sent;
    private volatile int status;
    private volatile String answerType = "";
    private volatile String answer = "";

    Exchange(
            String method,
            String target,
            Map<String, String> headers,
            InputStream in,
            InputStream body,
            OutputStream out,
            Socket connection) {
        this.method = method;
        this.target = target;
        this.headers = headers;
        this.in = in;
        this.body = body;
        this.out = out;
        this.connection = connection;
    }

    String method() {
        return method;
    }

    /** The path as it came, still encoded. */
    String path() {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    Map<String, String> query() {
        var values = new HashMap<String, String>();
        int start = target.indexOf('?');
        if (start >= 0) {
            for (String pair : target.substring(start + 1).split("&")) {
                int equals = pair.indexOf('=');
                values.put(
                        equals < 0 ? pair : pair.substring(0, equals),
                        equals < 0 ? "" : URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
            }
        }
        return values;
    }

    String target() {
        return target;
    }

    String header(String name) {
        return headers.getOrDefault(name, "");
    }

    InputStream body() {
        return body;
    }

    JsonNode json() throws IOException {
        JsonNode read = Json.read(body.readAllBytes());
        sent = read;
        return read;
    }

    /** The JSON that came, as far as it was read. */
    @Nullable
    JsonNode sent() {
        return sent;
    }

    /** 0 before there is an answer. */
    int status() {
        return status;
    }

    String answerType() {
        return answerType;
    }

    /** The text of an answer that is sent at once. */
    String answer() {
        return answer;
    }

    boolean isOver() {
        return over;
    }

    boolean isAnswered() {
        return answered;
    }

    void json(int status, JsonNode answer) throws IOException {
        bytes(status, "application/json", Json.bytes(answer));
    }

    void error(int status, String text) throws IOException {
        json(status, Json.object().put("error", text));
    }

    void html(int status) throws IOException {
        bytes(status, "text/html", SmallServer.utf8("<html><body>" + status + "</body></html>"));
    }

    void bytes(int status, String type, byte[] bytes, String... more) throws IOException {
        answer = new String(bytes, StandardCharsets.UTF_8);
        head(status, type, "Content-Length: " + bytes.length, more);
        out.write(bytes);
        out.flush();
    }

    /** Begins an answer of exactly so many bytes. */
    OutputStream begin(int status, String type, long length, String... more) throws IOException {
        head(status, type, "Content-Length: " + length, more);
        return out;
    }

    /** Begins an answer in chunks; {@link #chunk} with no bytes ends it. */
    void beginChunks(String type) throws IOException {
        head(200, type, "Transfer-Encoding: chunked");
        out.flush();
    }

    void chunk(byte[] bytes) throws IOException {
        out.write(SmallServer.utf8(Integer.toHexString(bytes.length) + "\r\n"));
        out.write(bytes);
        out.write(SmallServer.utf8("\r\n"));
        out.flush();
    }

    /** Answers by itself, as a gateway does, when nothing else has after so long; what comes later reaches nobody. */
    void giveUpAfter(long millis) {
        Thread.ofVirtual().start(() -> {
            LockSupport.parkNanos(millis * 1_000_000);
            try {
                giveUp();
            } catch (IOException gone) {
                // The client was faster.
            }
        });
    }

    private synchronized void giveUp() throws IOException {
        if (!answered) {
            html(504);
            hangUp();
        }
    }

    /** The same request, whose answer nobody gets to hear. */
    Exchange unheard() {
        return new Exchange(method, target, headers, in, body, OutputStream.nullOutputStream(), connection);
    }

    /** Leaves HTTP: what comes and goes on the connection from now on is the caller's. */
    void upgrade(String accept) throws IOException {
        over = true;
        answered = true;
        out.write(SmallServer.utf8("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n\r\n"));
        out.flush();
    }

    InputStream in() {
        return in;
    }

    OutputStream out() {
        return out;
    }

    /** Ends the connection, in the middle of whatever goes on. */
    void hangUp() throws IOException {
        over = true;
        answered = true;
        connection.close();
    }

    /** Ends the connection as a crash does. */
    void reset() throws IOException {
        connection.setSoLinger(true, 0);
        hangUp();
    }

    private synchronized void head(int status, String type, String length, String... more) throws IOException {
        if (over) {
            throw new IOException("nobody waits for this answer any more");
        }
        answered = true;
        this.status = status;
        this.answerType = type;
        var head = new StringBuilder("HTTP/1.1 " + status + " X\r\nContent-Type: " + type + "\r\n" + length + "\r\n");
        for (String header : more) {
            head.append(header).append("\r\n");
        }
        out.write(SmallServer.utf8(head.append("\r\n").toString()));
    }
}
