package dev.sandbridge.provider.blaxel;

import com.networknt.schema.Error;
import java.util.List;
import java.util.function.Predicate;

/**
 * Where the real servers do otherwise than their descriptions say, each with the section of the vendor's contract that
 * found it. Nothing else may differ.
 */
enum KnownDeviation {
    GATEWAY_ANSWERS("1.3, E3", seen -> seen.answer().contains("\"error\":{")),
    PAGES_OF_THE_NETWORK("1.3, E5", seen -> seen.type().equals("text/html")),
    EMPTY_ANSWERS_OF_THE_NETWORK("1.3, E5", seen -> seen.answer().isEmpty() && seen.status() >= 500),
    RATE_LIMITS("1.3, in no description", seen -> seen.status() == 429),
    CREATION_TIMEOUT("1.3 and 1.5", seen -> seen.status() == 408 && seen.isCreate()),
    DEAD_CURSORS("1.4", seen -> seen.status() == 400 && seen.isList()),
    BARE_LISTS("1.4 and 1.7", seen -> seen.isList() && seen.answer().matches("(?s)(\\[.*|null)")),
    ERRORS_OF_PREVIEWS(
            "1.7",
            seen -> seen.operation().contains("/previews")
                    && List.of(400, 404, 409).contains(seen.status())),
    FAILURES_OF_PREVIEWS("1.3, E1", seen -> seen.operation().contains("/previews") && seen.status() == 500),
    NO_SANDBOX_BEHIND_THE_ADDRESS(
            "4, T29", seen -> seen.status() == 404 && seen.answer().equals("Not Found")),
    NO_SUCH_ROUTE("2.1 [R]", seen -> seen.status() == 404 && seen.answer().equals("404 page not found")),
    LINES_OF_JSON("2.4 [R]", seen -> seen.type().equals("application/x-ndjson")),
    RANGES(
            "2.6 [R]",
            seen -> seen.operation().equals("GET /filesystem/{path}")
                    && List.of(206, 416).contains(seen.status())),
    UPLOADS_TO_NOWHERE("2.6 [R]", seen -> seen.operation().equals("PUT /filesystem/{path}") && seen.status() == 404),
    /** A request, the others being answers. */
    UPLOADS_BY_FORM("2.6 [R]", seen -> false),
    /** A whole route, which the description does not know. */
    TERMINALS("2.12", seen -> false);

    private final String section;
    private final Predicate<Seen> known;

    /** An answer, as far as the list looks at it. */
    record Seen(String operation, int status, String type, String answer) {
        boolean isCreate() {
            return operation.equals("POST /sandboxes");
        }

        boolean isList() {
            return operation.matches("GET .*/(sandboxes|previews)");
        }
    }

    KnownDeviation(String section, Predicate<Seen> known) {
        this.section = section;
        this.known = known;
    }

    String section() {
        return section;
    }

    static boolean covers(Seen seen) {
        return List.of(values()).stream().anyMatch(deviation -> deviation.known.test(seen));
    }

    static boolean coversRoute(String method, String path) {
        return method.equals("GET") && path.equals("/terminal/ws");
    }

    static boolean coversForm(String operation) {
        return operation.equals("PUT /filesystem/{path}");
    }

    /**
     * Values that are not what a schema says: null for no output (2.2 [R]), fields and states that are newer than the
     * description (1.5, 2.13 [N]), a reason of errors of creating (1.3, E2).
     */
    static boolean covers(Error error) {
        String place = Description.place(error);
        return switch (error.getKeyword()) {
            case "type" ->
                place.matches(".*/(logs|stdout|stderr|completedAt)")
                        && String.valueOf(error.getInstanceNode()).equals("null");
            case "additionalProperties" -> place.endsWith("/futureField") || place.endsWith("/reason");
            case "enum" -> place.endsWith("/status");
            default -> false;
        };
    }
}
