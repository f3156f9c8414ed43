package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * One request to Blaxel.
 *
 * @param operation what it does, in words for callers: {@code "reading a file"}
 * @param repeatable whether sending it twice does no harm
 * @param patience until the answer begins; and again until all of a short one is there, or more of a long one
 */
record Call(
        String operation,
        String method,
        URI uri,
        BodyPublisher body,
        Map<String, String> headers,
        boolean repeatable,
        Duration patience) {
    private static final Duration PATIENCE = Duration.ofSeconds(65);

    static Call get(String operation, URI uri) {
        return new Call(operation, "GET", uri, BodyPublishers.noBody(), Map.of(), true, PATIENCE);
    }

    static Call delete(String operation, URI uri) {
        return new Call(operation, "DELETE", uri, BodyPublishers.noBody(), Map.of(), true, PATIENCE);
    }

    /** Replaces what is there, so that sending it again does no harm. */
    static Call put(String operation, URI uri, JsonNode json) {
        return json(operation, "PUT", uri, json, true);
    }

    /** Sent once, whatever happens. */
    static Call post(String operation, URI uri, JsonNode json) {
        return json(operation, "POST", uri, json, false);
    }

    private static Call json(String operation, String method, URI uri, JsonNode json, boolean repeatable) {
        return new Call(
                operation,
                method,
                uri,
                BodyPublishers.ofByteArray(Json.bytes(json)),
                Map.of("Content-Type", "application/json"),
                repeatable,
                PATIENCE);
    }

    Call header(String name, String value) {
        var more = new HashMap<>(headers);
        more.put(name, value);
        return new Call(operation, method, uri, body, Map.copyOf(more), repeatable, patience);
    }

    /** The same, sent once: for what others may change between two sendings. */
    Call once() {
        return new Call(operation, method, uri, body, headers, false, patience);
    }

    Call patience(Duration other) {
        return new Call(operation, method, uri, body, headers, repeatable, other);
    }
}
