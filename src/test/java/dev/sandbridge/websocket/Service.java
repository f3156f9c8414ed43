package dev.sandbridge.websocket;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.eclipse.microprofile.config.ConfigProvider;

/** The service under test, over HTTP. */
final class Service {
    static final ObjectMapper JSON = new ObjectMapper();

    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private Service() {}

    static int port() {
        return ConfigProvider.getConfig().getValue("quarkus.http.test-port", Integer.class);
    }

    /** Makes a sandbox; its id. */
    static String create() {
        return create("", Map.of());
    }

    static String create(String prefix, Map<String, ?> options) {
        return json(call("POST", prefix + "/v1/sandbox", TerminalProfile.KEY, options))
                .get("id")
                .asText();
    }

    static void delete(String id) {
        call("DELETE", "/v1/sandbox/" + id, TerminalProfile.KEY, Map.of());
    }

    /** What a command writes. */
    static String sh(String id, String script) {
        return json(call(
                        "POST",
                        "/v1/sandbox/" + id + "/exec",
                        TerminalProfile.KEY,
                        Map.of("argv", List.of("sh", "-c", script))))
                .get("stdout")
                .asText();
    }

    /** How many processes of the sandbox have this in their command line, the search itself not counted. */
    static int processes(String id, String text) {
        String found = sh(
                id,
                "for p in /proc/[0-9]*; do [ \"${p#/proc/}\" = $$ ] || tr '\\0' ' ' < $p/cmdline 2> /dev/null; echo;"
                        + " done | grep -c -- '[" + text.charAt(0) + "]" + text.substring(1) + "'");
        return Integer.parseInt(found.strip());
    }

    static String key(String owner) {
        return json(call("POST", "/v1/keys", TerminalProfile.KEY, Map.of("owner", owner)))
                .get("key")
                .asText();
    }

    static HttpResponse<String> call(String method, String path, String key, Map<String, ?> body) {
        try {
            return HTTP.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
                            .header("Authorization", "Bearer " + key)
                            .header("Accept", "application/json")
                            .method(method, BodyPublishers.ofString(JSON.writeValueAsString(body)))
                            .build(),
                    BodyHandlers.ofString());
        } catch (IOException failed) {
            throw new AssertionError(method + " " + path, failed);
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    static JsonNode json(HttpResponse<String> answer) {
        try {
            if (answer.statusCode() != 200) {
                throw new AssertionError(answer.statusCode() + " " + answer.body());
            }
            return JSON.readTree(answer.body());
        } catch (IOException malformed) {
            throw new AssertionError(answer.body(), malformed);
        }
    }

    /** Waits until something is so, which must happen within so many seconds. */
    static void await(String what, int seconds, BooleanSupplier condition) {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + seconds + " s: " + what);
            }
            Thread.onSpinWait();
        }
    }
}
