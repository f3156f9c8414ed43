package dev.sandbridge.packaged;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A request as a Function URL or an HTTP API passes it on, payload format 2.0: names of headers in lower case, several
 * values joined by commas, cookies apart, path and query as they came.
 */
record HttpEvent(
        String method,
        String path,
        String query,
        Map<String, String> headers,
        List<String> cookies,
        byte[] body,
        boolean base64) {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** An answer in the same format, its body decoded. */
    record Answer(int status, Map<String, String> headers, byte[] body) {
        JsonNode json() {
            try {
                return JSON.readTree(body);
            } catch (IOException malformed) {
                throw new AssertionError(new String(body, UTF_8), malformed);
            }
        }
    }

    static HttpEvent of(String method, String path) {
        return new HttpEvent(method, path, "", Map.of(), List.of(), new byte[0], false);
    }

    HttpEvent query(String raw) {
        return new HttpEvent(method, path, raw, headers, cookies, body, base64);
    }

    HttpEvent header(String name, String value) {
        var more = new TreeMap<>(headers);
        more.merge(name, value, (one, two) -> one + "," + two);
        return new HttpEvent(method, path, query, more, cookies, body, base64);
    }

    HttpEvent cookies(String... all) {
        return new HttpEvent(method, path, query, headers, List.of(all), body, base64);
    }

    HttpEvent text(String text) {
        return new HttpEvent(method, path, query, headers, cookies, text.getBytes(UTF_8), false);
    }

    HttpEvent bytes(byte[] bytes) {
        return new HttpEvent(method, path, query, headers, cookies, bytes, true);
    }

    String json() {
        ObjectNode event = JSON.createObjectNode()
                .put("version", "2.0")
                .put("routeKey", "$default")
                .put("rawPath", path)
                .put("rawQueryString", query)
                .put("isBase64Encoded", base64);
        cookies.forEach(event.withArray("cookies")::add);
        ObjectNode named = event.putObject("headers").put("host", "function.example.org");
        headers.forEach(named::put);
        if (body.length > 0) {
            named.put("content-length", Integer.toString(body.length));
            event.put("body", base64 ? Base64.getEncoder().encodeToString(body) : new String(body, UTF_8));
        }
        event.putObject("requestContext")
                .put("accountId", "anonymous")
                .put("apiId", "function")
                .put("domainName", "function.example.org")
                .put("requestId", "e1")
                .put("routeKey", "$default")
                .put("stage", "$default")
                .put("timeEpoch", 1_767_225_600_000L)
                .putObject("http")
                .put("method", method)
                .put("path", path)
                .put("protocol", "HTTP/1.1")
                .put("sourceIp", "203.0.113.7")
                .put("userAgent", "test");
        return event.toString();
    }

    static Answer answer(String json) {
        try {
            JsonNode answer = JSON.readTree(json);
            var headers = new TreeMap<String, String>(String.CASE_INSENSITIVE_ORDER);
            answer.path("headers").forEachEntry((name, value) -> headers.put(name, value.asText()));
            answer.path("multiValueHeaders")
                    .forEachEntry(
                            (name, values) -> headers.put(name, values.get(0).asText()));
            String body = answer.path("body").asText("");
            return new Answer(
                    answer.get("statusCode").asInt(),
                    headers,
                    answer.path("isBase64Encoded").asBoolean()
                            ? Base64.getDecoder().decode(body)
                            : body.getBytes(UTF_8));
        } catch (IOException malformed) {
            throw new AssertionError(json, malformed);
        }
    }
}
