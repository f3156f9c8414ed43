package dev.sandbridge.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;

/** Holds the answers that tests get against the API's description. */
final class DescribedAnswers {
    private static final JsonNode PATHS = read();

    private DescribedAnswers() {}

    /** Fails where an operation that is described answers with a status that its description does not name. */
    static void check(String method, String target, int status) {
        String route = RequestPath.of(target.split("\\?", 2)[0]).route();
        List<JsonNode> described = PATHS.properties().stream()
                .filter(path -> route.matches(form(path.getKey())))
                .map(path -> path.getValue().path(method.toLowerCase(Locale.ROOT)))
                .filter(operation -> !operation.isMissingNode())
                .toList();
        String code = Integer.toString(status);
        if (!described.isEmpty()
                && described.stream().noneMatch(each -> each.get("responses").has(code))) {
            throw new AssertionError("openapi.json lists no " + code + " for " + method + " " + target);
        }
    }

    /** A file's path is no part of its route. */
    private static String form(String path) {
        return path.replace("/{path}", "").replace(".", "[.]").replaceAll("[{][a-z]+[}]", "[^/]+");
    }

    private static JsonNode read() {
        try (var in = Door.class.getResourceAsStream("/openapi.json")) {
            return Door.JSON.readTree(in).get("paths");
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
