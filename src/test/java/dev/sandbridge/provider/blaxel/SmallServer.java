package dev.sandbridge.provider.blaxel;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 on a loopback port, with the request line as it came and full control over what goes wrong: what no
 * well-behaved server library offers.
 */
final class SmallServer implements AutoCloseable {
    private final ServerSocket socket;
    private final Handler handler;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

    /** Answers one request. */
    interface Handler {
        void answer(Exchange exchange) throws IOException;
    }

    SmallServer(Handler handler) {
        this(handler, 0);
    }

    /** @param port 0 for any that is free */
    SmallServer(Handler handler, int port) {
        this.handler = handler;
        try {
            socket = new ServerSocket(port, 200, InetAddress.getLoopbackAddress());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        Thread.ofVirtual().start(this::accept);
    }

    String address() {
        return "http://127.0.0.1:" + socket.getLocalPort();
    }

    /** Cuts every connection, as a gateway does when what is behind it goes away. */
    void cut() {
        connections.forEach(SmallServer::closeQuietly);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        cut();
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket connection = socket.accept();
                connections.add(connection);
                Thread.ofVirtual().start(() -> serve(connection));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            var in = new BufferedInputStream(connection.getInputStream(), 1 << 16);
            var out = connection.getOutputStream();
            for (Exchange exchange = next(in, out, connection); exchange != null; ) {
                handler.answer(exchange);
                if (exchange.isOver()) {
                    return;
                }
                exchange.body().transferTo(OutputStream.nullOutputStream());
                exchange = next(in, out, connection);
            }
        } catch (IOException gone) {
            // The client hung up, or a fault was played.
        } finally {
            connections.remove(connection);
        }
    }

    private static @Nullable Exchange next(InputStream in, OutputStream out, Socket connection) throws IOException {
        String line = line(in);
        if (line.isEmpty()) {
            return null;
        }
        String[] request = line.split(" ");
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            int colon = header.indexOf(':');
            headers.put(header.substring(0, colon), header.substring(colon + 1).strip());
        }
        String length = headers.get("Content-Length");
        boolean chunked = headers.getOrDefault("Transfer-Encoding", "")
                .toLowerCase(Locale.ROOT)
                .contains("chunked");
        InputStream body = chunked ? new ChunkedInput(in) : new Part(in, length == null ? 0 : Long.parseLong(length));
        return new Exchange(request[0], request[1], headers, in, body, out, connection);
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    private static void closeQuietly(Socket connection) {
        try {
            connection.close();
        } catch (IOException closed) {
            throw new UncheckedIOException(closed);
        }
    }

    /** So many bytes of a connection. */
    private static final class Part extends InputStream {
        private final InputStream in;
        private long left;

        Part(InputStream in, long length) {
            this.in = in;
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int count = in.read(bytes, from, (int) Math.min(length, left));
            if (count < 0) {
                throw new IOException("the request was cut short");
            }
            left -= count;
            return count;
        }
    }

    /** A body of unknown length. */
    private static final class ChunkedInput extends InputStream {
        private final InputStream in;
        private long left;
        private boolean ended;

        ChunkedInput(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int from, int length) throws IOException {
            if (!ended && left == 0) {
                String size = line(in);
                left = Long.parseLong(size.isEmpty() ? line(in) : size, 16);
                ended = left == 0;
                if (ended) {
                    line(in);
                }
            }
            if (ended) {
                return -1;
            }
            int count = in.read(bytes, from, (int) Math.min(length, left));
            left -= Math.max(0, count);
            if (left == 0) {
                line(in);
            }
            return count;
        }
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
