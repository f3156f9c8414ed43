package dev.sandbridge.packaged;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands where a Function URL is, in front of two instances of the packaged function that take turns, so that nothing
 * can be remembered from one call to the next:
 *
 * <pre>java dev.sandbridge.packaged.FunctionFront ZIP CLIENT SCRATCH</pre>
 *
 * Prints its URL. The function gets the settings whose names begin with {@code SANDBRIDGE_}.
 */
final class FunctionFront {
    /** What a connection is about; the rest is a request's. */
    private static final Set<String> CONNECTION = Set.of("transfer-encoding", "content-length", "connection");

    private final List<FunctionProcess> instances;
    private final AtomicInteger turn = new AtomicInteger();

    private FunctionFront(List<FunctionProcess> instances) {
        this.instances = instances;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path scratch = Path.of(arguments[2]);
        Path task = scratch.resolve("task");
        FunctionProcess.unpack(Path.of(arguments[0]), task);
        Map<String, String> settings = new TreeMap<>(System.getenv());
        settings.keySet().removeIf(name -> !name.startsWith("SANDBRIDGE_") || name.equals("SANDBRIDGE_DATA"));
        Path client = Path.of(arguments[1]);
        var front = new FunctionFront(List.of(
                FunctionProcess.start(task, client, scratch.resolve("first"), settings),
                FunctionProcess.start(task, client, scratch.resolve("second"), settings)));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> front.instances.forEach(FunctionProcess::close)));
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", front::pass);
        server.start();
        System.out.println("http://127.0.0.1:" + server.getAddress().getPort());
        System.out.flush();
        new CountDownLatch(1).await();
    }

    private void pass(HttpExchange http) throws IOException {
        try (http) {
            answer(http);
        }
    }

    private void answer(HttpExchange http) throws IOException {
        try {
            var uri = http.getRequestURI();
            var event = HttpEvent.of(http.getRequestMethod(), uri.getRawPath())
                    .query(uri.getRawQuery() == null ? "" : uri.getRawQuery());
            for (var header : http.getRequestHeaders().entrySet()) {
                String name = header.getKey().toLowerCase(Locale.ROOT);
                if (!CONNECTION.contains(name) && !name.equals("host")) {
                    event = event.header(name, String.join(",", header.getValue()));
                }
            }
            byte[] body = http.getRequestBody().readAllBytes();
            event = body.length == 0 ? event : event.bytes(body);
            var instance = instances.get(Math.floorMod(turn.getAndIncrement(), instances.size()));
            var answer = HttpEvent.answer(instance.answer(event.json()));
            answer.headers().forEach((name, value) -> {
                if (!CONNECTION.contains(name.toLowerCase(Locale.ROOT))) {
                    http.getResponseHeaders().add(name, value);
                }
            });
            boolean empty = answer.body().length == 0;
            http.sendResponseHeaders(answer.status(), empty ? -1 : answer.body().length);
            if (!empty) {
                http.getResponseBody().write(answer.body());
            }
        } catch (AssertionError failed) {
            // As the platform answers for a function that failed; what it said stands in the log.
            System.err.println(failed.getMessage());
            http.sendResponseHeaders(502, -1);
        }
    }
}
