package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.sandbridge.packaged.FunctionLauncher;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.microprofile.config.ConfigProvider;

/** One HTTP/1.1 connection, byte by byte: what a client library would escape, hide or repair goes through as it is. */
final class Wire implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;

    /** Connects to the application under test. */
    Wire() throws IOException {
        this(0);
    }

    /** @param receiveBuffer bytes the kernel may hold for us, or 0 for its default */
    Wire(int receiveBuffer) throws IOException {
        this(service(), receiveBuffer);
    }

    Wire(URI service) throws IOException {
        this(service, 0);
    }

    private Wire(URI service, int receiveBuffer) throws IOException {
        socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.connect(new InetSocketAddress(service.getHost(), service.getPort()));
        socket.setSoTimeout(60_000);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
    }

    static URI service() {
        if (DoorProfile.isFunction() && !FunctionLauncher.isUsed()) {
            // A function opens no port; this is the event server in front of it.
            return URI.create("http://localhost:" + setting("quarkus.lambda.mock-event-server.test-port"));
        }
        return URI.create(setting("test.url"));
    }

    private static String setting(String name) {
        return ConfigProvider.getConfig().getValue(name, String.class);
    }

    /** An answer; header names in lower case, trailers among them once the body is read. */
    record Reply(int status, Map<String, String> headers, byte[] body) {
        String header(String name) {
            return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        }
    }

    Wire send(String text) throws IOException {
        return send(text.getBytes(ISO_8859_1));
    }

    Wire send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** Sends a request line, headers and a body; Content-Length is added where there is a body. */
    Wire request(String method, String target, byte[] body, String... headers) throws IOException {
        var head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        for (int i = 0; i < headers.length; i += 2) {
            head.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
        }
        if (body.length > 0) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        send(head.append("\r\n").toString());
        return body.length > 0 ? send(body) : this;
    }

    /** The next answer, whole. */
    Reply reply(String method) throws IOException {
        Reply head = head();
        boolean none = method.equals("HEAD") || head.status() == 204;
        return new Reply(head.status(), head.headers(), none ? new byte[0] : body(head));
    }

    /** The next answer's head; its body is still to be read. */
    Reply head() throws IOException {
        String status = line();
        var headers = new TreeMap<String, String>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return new Reply(Integer.parseInt(status.split(" ", 3)[1]), headers, new byte[0]);
    }

    private byte[] body(Reply head) throws IOException {
        if (!head.header("Transfer-Encoding").equals("chunked")) {
            return exactly(Integer.parseInt(head.header("Content-Length")));
        }
        var body = new ByteArrayOutputStream();
        for (int size = chunk(); size > 0; size = chunk()) {
            body.write(exactly(size));
            line();
        }
        for (String trailer = line(); !trailer.isEmpty(); trailer = line()) {
            int colon = trailer.indexOf(':');
            head.headers()
                    .put(
                            trailer.substring(0, colon).toLowerCase(Locale.ROOT),
                            trailer.substring(colon + 1).strip());
        }
        return body.toByteArray();
    }

    /** Size of the next piece of a chunked body; 0 at its end. */
    int chunk() throws IOException {
        return Integer.parseInt(line(), 16);
    }

    byte[] exactly(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the connection was closed within a body");
        }
        return bytes;
    }

    /** Whether something has come that was not read yet. */
    boolean hasArrived() throws IOException {
        return in.available() > 0;
    }

    /** What the next read of the socket gives; empty at the end. */
    byte[] arrival() throws IOException {
        var buffer = new byte[256 * 1024];
        int n = socket.getInputStream().read(buffer);
        var bytes = new byte[Math.max(n, 0)];
        System.arraycopy(buffer, 0, bytes, 0, bytes.length);
        return bytes;
    }

    String line() throws IOException {
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

    /** Whether the other side has closed; waits for it for at most so long. */
    boolean isClosedWithin(int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            return in.read() < 0;
        } catch (SocketTimeoutException open) {
            return false;
        } catch (IOException reset) {
            return true;
        } finally {
            socket.setSoTimeout(60_000);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
