package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The vendor's previews: the control plane's part, which does not care whether there is a sandbox, and for each preview
 * the edge, which learns of it late. A sandbox of the stand-in has this machine's network.
 */
final class StandInPreviews implements AutoCloseable {
    private static final String UTC = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z";

    private final StandIn vendor;
    private final Map<String, Preview> previews = new ConcurrentSkipListMap<>();
    private volatile int lag;
    private volatile long removeMillis;
    private final AtomicInteger tokens = new AtomicInteger();

    /** One preview and its edge. */
    private final class Preview {
        final ObjectNode json;
        final Map<String, Instant> tokens = new ConcurrentHashMap<>();
        final AtomicInteger unknown = new AtomicInteger(lag);
        final SmallServer edge = new SmallServer(this::pass);

        Preview(String sandbox, JsonNode wish) {
            json = wish.deepCopy();
            json.withObject("/metadata")
                    .put("resourceName", sandbox)
                    .put("resourceType", "sandbox")
                    .put("workspace", StandIn.WORKSPACE);
            json.withObject("/spec").put("url", edge.address()).put("region", "us-pdx-1");
            json.put("status", "DEPLOYED");
        }

        private boolean isOver() {
            String expires = json.path("spec").path("expires").asText("");
            return !expires.isEmpty() && Instant.parse(expires).isBefore(Instant.now());
        }

        private boolean lets(Exchange exchange) {
            String header = exchange.header("X-Blaxel-Preview-Token");
            String query = exchange.query().getOrDefault("bl_preview_token", "");
            if (!header.isEmpty() && !query.isEmpty()) {
                vendor.violation("a right twice");
            }
            Instant end = tokens.get(header.isEmpty() ? query : header);
            return json.path("spec").path("public").asBoolean() || end != null && end.isAfter(Instant.now());
        }

        private void pass(Exchange exchange) throws IOException {
            if (!exchange.header("X-Blaxel-Authorization").isEmpty()) {
                vendor.violation("our credentials went to a preview");
            }
            int port = json.path("spec").path("port").asInt();
            if (unknown.getAndUpdate(left -> Math.max(0, left - 1)) > 0 || isOver()) {
                exchange.bytes(404, "text/plain", SmallServer.utf8("Not Found"));
            } else if (!lets(exchange)) {
                exchange.json(401, StandIn.gatewayError("AUTHENTICATION_REQUIRED", 401, true));
            } else if (exchange.method().equals("HEAD")) {
                exchange.bytes(listens(port) ? 200 : 502, "text/plain", new byte[0]);
            } else {
                forward(exchange, port);
            }
        }

        private void forward(Exchange exchange, int port) throws IOException {
            try {
                var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + exchange.path()));
                var answer = HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofByteArray());
                exchange.bytes(answer.statusCode(), "text/plain", answer.body());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            } catch (IOException nothingThere) {
                exchange.html(502);
            }
        }
    }

    StandInPreviews(StandIn vendor) {
        this.vendor = vendor;
    }

    /** How often the edge knows nothing of a preview that was just made. */
    void lag(int requests) {
        lag = requests;
    }

    void removingTakes(long millis) {
        removeMillis = millis;
    }

    /** Names as {@code sandbox/preview}. */
    Set<String> names() {
        return Set.copyOf(previews.keySet());
    }

    /** Rights given so far. */
    int tokens() {
        return tokens.get();
    }

    ObjectNode json(String sandbox, String name) {
        return Objects.requireNonNull(previews.get(sandbox + "/" + name), name).json;
    }

    /** One that somebody has made, whether there is such a sandbox or not. */
    void make(String sandbox, String name, int port, boolean open) {
        ObjectNode wish = Json.object();
        wish.putObject("metadata").put("name", name);
        wish.putObject("spec").put("port", port).put("public", open);
        make(sandbox, wish);
    }

    /** What was once asked for, late. */
    void make(String sandbox, JsonNode wish) {
        String name = wish.path("metadata").path("name").asText();
        previews.put(sandbox + "/" + name, new Preview(sandbox, wish));
    }

    /** Answers below {@code /v0/sandboxes/NAME/previews}. */
    void answer(Exchange exchange) throws IOException {
        String[] words = exchange.path().substring("/v0/sandboxes/".length()).split("/");
        String sandbox = words[0];
        if (words.length == 2) {
            if (exchange.method().equals("POST")) {
                create(exchange, sandbox);
            } else {
                list(exchange, sandbox);
            }
            return;
        }
        String key = sandbox + "/" + words[2];
        Preview preview = previews.get(key);
        if (preview == null) {
            exchange.json(404, Json.object().put("code", 404).put("error", "Preview not found"));
        } else if (words.length == 4) {
            token(exchange, preview);
        } else {
            one(exchange, key, preview);
        }
    }

    private void create(Exchange exchange, String sandbox) throws IOException {
        JsonNode wish = exchange.json();
        JsonNode spec = wish.path("spec");
        requireUtc(spec.path("expires"));
        if (spec.path("port").asInt() == 80) {
            exchange.json(400, Json.object().put("code", 400).put("error", "port 80 cannot be previewed"));
            return;
        }
        String key = sandbox + "/" + wish.path("metadata").path("name").asText();
        synchronized (previews) {
            if (previews.containsKey(key)) {
                exchange.json(409, Json.object().put("code", 409).put("error", "Resource already exists"));
                return;
            }
            var made = new Preview(sandbox, wish);
            previews.put(key, made);
            exchange.json(200, made.json);
        }
    }

    private void list(Exchange exchange, String sandbox) throws IOException {
        ArrayNode found = Json.object().putArray("all");
        previews.forEach((name, preview) -> {
            if (name.startsWith(sandbox + "/")) {
                found.add(preview.json.deepCopy());
            }
        });
        exchange.json(200, found.isEmpty() ? NullNode.getInstance() : found);
    }

    private void one(Exchange exchange, String key, Preview preview) throws IOException {
        switch (exchange.method()) {
            case "PUT" -> {
                JsonNode changed = exchange.json();
                requireUtc(changed.path("spec").path("expires"));
                preview.json.setAll((ObjectNode) changed);
            }
            case "DELETE" -> {
                preview.json.put("status", "DELETING");
                Thread.ofVirtual().start(() -> {
                    StandIn.pause(removeMillis);
                    preview.edge.close();
                    previews.remove(key, preview);
                });
            }
            default -> {}
        }
        exchange.json(200, preview.json);
    }

    private void token(Exchange exchange, Preview preview) throws IOException {
        JsonNode wish = exchange.json();
        requireUtc(wish.path("spec").path("expiresAt"));
        // Characters that a query must not hold as they are.
        String token = "t&" + tokens.incrementAndGet() + "+/=%";
        preview.tokens.put(
                token, Instant.parse(wish.path("spec").path("expiresAt").asText()));
        ObjectNode json = wish.deepCopy();
        json.withObject("/spec").put("token", token).put("expired", false);
        exchange.json(200, json);
    }

    private void requireUtc(JsonNode time) {
        if (!time.isMissingNode() && !time.asText().matches(UTC)) {
            vendor.violation("a time that is not in UTC: " + time);
        }
    }

    private static boolean listens(int port) {
        try (var probe = new Socket("127.0.0.1", port)) {
            return probe.isConnected();
        } catch (IOException refused) {
            return false;
        }
    }

    @Override
    public void close() {
        previews.values().forEach(preview -> preview.edge.close());
    }
}
