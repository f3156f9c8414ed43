package dev.sandbridge.packaged;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands where AWS Lambda's Runtime API (2018-06-01) is: hands events to one function, one at a time, and takes its
 * answers, with the platform's limits. Thread-safe.
 */
final class RuntimeApi implements AutoCloseable {
    /** The platform's own: 6 MiB and 100 bytes. */
    static final int LARGEST_PAYLOAD = 6_291_556;

    private static final String ROOT = "/2018-06-01/runtime/";
    private static final String ARN = "arn:aws:lambda:eu-west-1:123456789012:function:sandbridge";

    private final HttpServer server;
    private final Duration limit;
    private final BlockingQueue<Invocation> waiting = new LinkedBlockingQueue<>();
    private final Map<String, Invocation> running = new ConcurrentHashMap<>();
    private final CompletableFuture<Outcome> initError = new CompletableFuture<>();
    private final AtomicInteger count = new AtomicInteger();

    /**
     * How an invocation ended.
     *
     * @param kind response, error, init-error, or exit
     */
    record Outcome(String kind, String body) {}

    private record Invocation(String id, byte[] event, CompletableFuture<Outcome> outcome) {}

    /** @param limit the function's time limit */
    RuntimeApi(Duration limit) throws IOException {
        this.limit = limit;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::serve);
        server.start();
    }

    /** Value of {@code AWS_LAMBDA_RUNTIME_API}. */
    String address() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    /** What the function answers to an event; fails where the platform would have lost patience. */
    Outcome invoke(String event) {
        byte[] bytes = event.getBytes(UTF_8);
        if (bytes.length > LARGEST_PAYLOAD) {
            throw new IllegalArgumentException("the platform passes no event of " + bytes.length + " bytes");
        }
        var invocation = new Invocation("request-" + count.incrementAndGet(), bytes, new CompletableFuture<>());
        waiting.add(invocation);
        try {
            return (Outcome) CompletableFuture.anyOf(invocation.outcome(), initError)
                    .get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            throw new AssertionError("Task timed out after " + limit, late);
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
    }

    /** The function's process is gone, and answers nothing more. */
    void exited(int status) {
        initError.complete(new Outcome("exit", "Runtime.ExitError: exit status " + status));
    }

    private void serve(HttpExchange http) throws IOException {
        try (http) {
            String path = http.getRequestURI().getPath();
            if (path.equals(ROOT + "invocation/next")) {
                next(http);
            } else if (path.equals(ROOT + "init/error")) {
                initError.complete(new Outcome("init-error", body(http)));
                answer(http, 202, "{\"status\":\"OK\"}");
            } else if (path.startsWith(ROOT + "invocation/")) {
                end(http, path.substring((ROOT + "invocation/").length()).split("/"));
            } else {
                answer(http, 404, "{\"errorType\":\"NotFound\"}");
            }
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    private void next(HttpExchange http) throws IOException, InterruptedException {
        Invocation invocation = waiting.take();
        running.put(invocation.id(), invocation);
        var headers = http.getResponseHeaders();
        headers.set("Content-Type", "application/json");
        headers.set("Lambda-Runtime-Aws-Request-Id", invocation.id());
        headers.set("Lambda-Runtime-Deadline-Ms", Long.toString(System.currentTimeMillis() + limit.toMillis()));
        headers.set("Lambda-Runtime-Invoked-Function-Arn", ARN);
        headers.set("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0");
        http.sendResponseHeaders(200, invocation.event().length);
        http.getResponseBody().write(invocation.event());
    }

    private void end(HttpExchange http, String[] rest) throws IOException {
        Invocation invocation = running.remove(rest[0]);
        String body = body(http);
        if (invocation == null || rest.length != 2) {
            answer(http, 400, "{\"errorType\":\"InvalidRequestID\"}");
        } else if (rest[1].equals("response") && body.getBytes(UTF_8).length > LARGEST_PAYLOAD) {
            invocation.outcome().complete(new Outcome("error", "Function.ResponseSizeTooLarge"));
            answer(http, 413, "{\"errorType\":\"RequestEntityTooLarge\"}");
        } else {
            invocation.outcome().complete(new Outcome(rest[1], body));
            answer(http, 202, "{\"status\":\"OK\"}");
        }
    }

    private static String body(HttpExchange http) throws IOException {
        return new String(http.getRequestBody().readAllBytes(), UTF_8);
    }

    private static void answer(HttpExchange http, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        http.sendResponseHeaders(status, bytes.length);
        http.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
