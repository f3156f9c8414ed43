package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.ConfigProvider;

/** A caller of the application under test. */
final class Door {
    static final ObjectMapper JSON = new ObjectMapper();

    private final String key;

    Door(String key) {
        this.key = key;
    }

    static Door admin() {
        return new Door(DoorProfile.ADMIN);
    }

    /** An answer. */
    record Answer(int status, Wire.Reply reply) {
        String text() {
            return new String(reply.body(), UTF_8);
        }

        byte[] bytes() {
            return reply.body();
        }

        String header(String name) {
            return reply.header(name);
        }

        JsonNode json() {
            try {
                return JSON.readTree(reply.body());
            } catch (IOException malformed) {
                throw new AssertionError("not JSON: " + text(), malformed);
            }
        }

        String error() {
            return json().path("error").asText();
        }

        String code() {
            return json().path("code").asText();
        }
    }

    /** One event of a stream. */
    record Event(String name, String data) {
        byte[] bytes() {
            return Base64.getDecoder().decode(data);
        }
    }

    /** What a command did. */
    record Ran(int code, byte[] stdout, byte[] stderr, List<Event> events) {
        String out() {
            return new String(stdout, UTF_8);
        }

        String err() {
            return new String(stderr, UTF_8);
        }
    }

    /** Calls on a connection of its own. */
    /** A function refuses more than is described, by what its door cannot do; wherever it runs. */
    private static boolean limitsItself() {
        return ConfigProvider.getConfig()
                .getOptionalValue("sandbridge.http.function", Boolean.class)
                .orElse(false);
    }

    Answer call(String method, String target, byte[] body, String... headers) {
        try (var wire = new Wire()) {
            return call(wire, method, target, body, headers);
        } catch (IOException failed) {
            throw new AssertionError(method + " " + target + " failed", failed);
        }
    }

    Answer call(String method, String target, String body, String... headers) {
        return call(method, target, body.getBytes(UTF_8), headers);
    }

    Answer call(Wire wire, String method, String target, byte[] body, String... headers) throws IOException {
        var reply = wire.request(method, target, body, withKey(headers)).reply(method);
        if (!limitsItself()) {
            DescribedAnswers.check(method, target, reply.status());
        }
        return new Answer(reply.status(), reply);
    }

    Answer get(String target, String... headers) {
        return call("GET", target, "", headers);
    }

    Answer post(String target, Object body, String... headers) {
        return call("POST", target, json(body), headers);
    }

    Answer delete(String target) {
        return call("DELETE", target, "");
    }

    /** Makes a sandbox; its id. */
    String create() {
        return create(Map.of());
    }

    String create(Map<String, ?> options) {
        Answer answer = post("/v1/sandbox", options);
        if (answer.status() != 200) {
            throw new AssertionError("create: " + answer.text());
        }
        return answer.json().get("id").asText();
    }

    Ran sh(String id, String script) {
        return run(id, Map.of("argv", List.of("sh", "-c", script)));
    }

    Ran run(String id, Map<String, ?> command, String... headers) {
        return ran(post("/v1/sandbox/" + id + "/exec", command, headers));
    }

    static Ran ran(Answer answer) {
        if (answer.status() != 200) {
            throw new AssertionError("exec: " + answer.status() + " " + answer.text());
        }
        var events = events(answer.text());
        var stdout = new ByteArrayOutputStream();
        var stderr = new ByteArrayOutputStream();
        int code = -1;
        for (Event event : events) {
            switch (event.name()) {
                case "stdout" -> stdout.writeBytes(event.bytes());
                case "stderr" -> stderr.writeBytes(event.bytes());
                case "exit" -> code = exitCode(event);
                default -> throw new AssertionError("unexpected " + event);
            }
        }
        return new Ran(code, stdout.toByteArray(), stderr.toByteArray(), events);
    }

    static List<Event> events(String stream) {
        var events = new ArrayList<Event>();
        for (String block : stream.split("\n\n")) {
            if (!block.startsWith(":") && !block.isBlank()) {
                var lines = block.split("\n");
                events.add(new Event(lines[0].substring("event: ".length()), lines[1].substring("data: ".length())));
            }
        }
        return events;
    }

    static int exitCode(Event exit) {
        try {
            return JSON.readTree(exit.data()).get("exit_code").intValue();
        } catch (IOException malformed) {
            throw new AssertionError(malformed);
        }
    }

    boolean running(String id) {
        return get("/v1/sandbox/" + id + "/running").json().get("running").booleanValue();
    }

    static String file(String id, String path) {
        return "/v1/sandbox/" + id + "/file/" + path;
    }

    Answer write(String id, String path, byte[] bytes) {
        return call("PUT", file(id, path), bytes, "Content-Type", "application/octet-stream");
    }

    Answer read(String id, String path) {
        return get(file(id, path));
    }

    /** A caller who is another owner: with a new key, or in a function with one of its configuration. */
    static Door owner(String owner) {
        if (DoorProfile.isFunction()) {
            return new Door(DoorProfile.keyOf(owner));
        }
        return new Door(admin().post("/v1/keys", Map.of("owner", owner))
                .json()
                .get("key")
                .asText());
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

    static String json(Object value) {
        try {
            return value instanceof String text ? text : JSON.writeValueAsString(value);
        } catch (IOException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private String[] withKey(String... headers) {
        boolean named = Arrays.asList(headers).contains("Authorization");
        return key.isEmpty() || named
                ? headers
                : Stream.concat(Stream.of("Authorization", "Bearer " + key), Arrays.stream(headers))
                        .toArray(String[]::new);
    }
}
