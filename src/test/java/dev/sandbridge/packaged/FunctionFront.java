package dev.sandbridge.packaged;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands where a Function URL is, in front of two instances of a packaged function that take turns, so that nothing can
 * be remembered from one call to the next. By itself, for the HTTP function:
 *
 * <pre>java dev.sandbridge.packaged.FunctionFront ZIP CLIENT SCRATCH</pre>
 *
 * Prints its URL. The function gets the settings whose names begin with {@code SANDBRIDGE_}.
 */
final class FunctionFront implements AutoCloseable {
    /** What a connection is about; the rest is a request's. */
    private static final Set<String> CONNECTION = Set.of("transfer-encoding", "content-length", "connection");

    /** The platform passes on no larger event. */
    private static final int MOST = 6 << 20;

    private final List<FunctionProcess> instances;
    private final Door door;
    private final Vertx vertx;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicInteger turn = new AtomicInteger();
    private int port;

    /** How a request becomes an event. */
    enum Door {
        /** An event that describes the request, as a Function URL makes it. */
        HTTP,
        /** The body is the event, and the answer its outcome. */
        EVENT
    }

    private FunctionFront(List<FunctionProcess> instances, Door door, Vertx vertx) {
        this.instances = instances;
        this.door = door;
        this.vertx = vertx;
    }

    /**
     * Starts the instances and listens.
     *
     * @param client directory with the runtime interface client, for Java
     * @param settings the function's environment
     */
    static FunctionFront open(Door door, Path zip, Path client, Path scratch, Map<String, String> settings)
            throws IOException {
        Path task = scratch.resolve("task");
        FunctionProcess.unpack(zip, task);
        var front = new FunctionFront(
                List.of(
                        FunctionProcess.start(task, client, scratch.resolve("first"), settings),
                        FunctionProcess.start(task, client, scratch.resolve("second"), settings)),
                door,
                Vertx.vertx());
        front.port = listen(front);
        return front;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Map<String, String> settings = new TreeMap<>(System.getenv());
        settings.keySet().removeIf(name -> !name.startsWith("SANDBRIDGE_") || name.equals("SANDBRIDGE_DATA"));
        var front = open(Door.HTTP, Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(front::close));
        System.out.println("http://127.0.0.1:" + front.port());
        System.out.flush();
        new CountDownLatch(1).await();
    }

    /** Paths pass as they are, which the JDK's own server would not allow. */
    private static int listen(FunctionFront front) {
        var options = new HttpServerOptions()
                .setHost("127.0.0.1")
                .setPort(0)
                .setMaxInitialLineLength(128 << 10)
                .setMaxHeaderSize(256 << 10);
        return front.vertx
                .createHttpServer(options)
                .requestHandler(request ->
                        request.body().onSuccess(body -> front.threads.execute(() -> front.pass(request, body))))
                .listen()
                .toCompletionStage()
                .toCompletableFuture()
                .join()
                .actualPort();
    }

    int port() {
        return port;
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
        threads.shutdownNow();
        instances.forEach(FunctionProcess::close);
    }

    private void pass(HttpServerRequest request, Buffer body) {
        HttpServerResponse response = request.response();
        try {
            var instance = instances.get(Math.floorMod(turn.getAndIncrement(), instances.size()));
            if (door == Door.HTTP) {
                describe(request, body, instance);
            } else {
                response.putHeader("content-type", "application/json").end(instance.answer(body.toString(UTF_8)));
            }
        } catch (AssertionError failed) {
            // As the platform answers for a function that failed; what it said stands in the log.
            System.err.println(failed.getMessage());
            response.setStatusCode(502).end();
        }
    }

    private static void describe(HttpServerRequest request, Buffer body, FunctionProcess instance) {
        String query = request.query();
        var event = HttpEvent.of(request.method().name(), Objects.requireNonNull(request.path(), "no path"))
                .query(query == null ? "" : query);
        for (String name : request.headers().names()) {
            String lower = name.toLowerCase(Locale.ROOT);
            if (!CONNECTION.contains(lower) && !lower.equals("host")) {
                event = event.header(lower, String.join(",", request.headers().getAll(name)));
            }
        }
        String json = (body.length() == 0 ? event : event.bytes(body.getBytes())).json();
        if (json.length() > MOST) {
            request.response().setStatusCode(413).end("{\"Message\":\"Request must be smaller than 6291456 bytes\"}");
            return;
        }
        var answer = HttpEvent.answer(instance.answer(json));
        HttpServerResponse response = request.response().setStatusCode(answer.status());
        boolean head = request.method().equals(HttpMethod.HEAD);
        answer.headers().forEach((name, value) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (!CONNECTION.contains(lower) || (head && lower.equals("content-length"))) {
                response.putHeader(name, value);
            }
        });
        response.end(Buffer.buffer(answer.body()));
    }
}
