package dev.sandbridge.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A caller of the HTTP API, as small as one can be: a URL, a key, JSON. */
final class ApiClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String base;
    private final String key;

    /** @param base with or without a path prefix, without {@code /v1} */
    ApiClient(String base, String key) {
        this.base = base.replaceAll("/+$", "");
        this.key = key;
    }

    /** How a command ended. */
    record Result(int code, String stdout, String stderr) {}

    String create(String options) {
        var answer = send("POST", "/v1/sandbox", options);
        if (answer.statusCode() != 200) {
            throw new AssertionError(answer.statusCode() + " " + answer.body());
        }
        return json(answer.body()).get("id").asText();
    }

    void delete(String id) {
        send("DELETE", "/v1/sandbox/" + id, "");
    }

    /** Runs a line of shell, waits for its end. */
    Result sh(String id, String line) {
        return exec(id, List.of("sh", "-c", line));
    }

    Result exec(String id, List<String> argv) {
        var body = JSON.createObjectNode();
        argv.forEach(body.putArray("argv")::add);
        var answer = send("POST", "/v1/sandbox/" + id + "/exec", body.toString());
        if (answer.statusCode() != 200) {
            throw new AssertionError(answer.statusCode() + " " + answer.body());
        }
        JsonNode result = json(answer.body());
        return new Result(
                result.get("exit_code").asInt(),
                result.path("stdout").asText(),
                result.path("stderr").asText());
    }

    void put(String id, String path, String content) {
        var answer = send("PUT", "/v1/sandbox/" + id + "/file" + path, content);
        if (answer.statusCode() != 200) {
            throw new AssertionError(answer.statusCode() + " " + answer.body());
        }
    }

    /** The events of a command's stream, read to its end. */
    Events events(String id, String body) {
        HttpResponse<byte[]> answer = raw("POST", "/v1/sandbox/" + id + "/exec", body.getBytes(StandardCharsets.UTF_8));
        if (answer.statusCode() != 200) {
            throw new AssertionError(answer.statusCode() + " " + new String(answer.body(), StandardCharsets.UTF_8));
        }
        return Events.parse(answer);
    }

    /** Sends a request with a body of bytes and more headers, as name, value, name, value. */
    HttpResponse<byte[]> raw(String method, String path, byte[] body, String... headers) {
        var request = HttpRequest.newBuilder(URI.create(base + path))
                .header("Authorization", "Bearer " + key)
                .method(method, BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return bytes(request.build());
    }

    private HttpResponse<byte[]> bytes(HttpRequest request) {
        try {
            return http.send(request, BodyHandlers.ofByteArray());
        } catch (IOException failed) {
            throw new AssertionError(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }

    HttpResponse<String> send(String method, String path, String body) {
        var request = HttpRequest.newBuilder(URI.create(base + path))
                .header("Authorization", "Bearer " + key)
                .header("Accept", "application/json")
                .method(method, BodyPublishers.ofString(body, StandardCharsets.UTF_8))
                .build();
        try {
            return http.send(request, BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (IOException failed) {
            throw new AssertionError(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException wrong) {
            throw new AssertionError(text, wrong);
        }
    }
}
