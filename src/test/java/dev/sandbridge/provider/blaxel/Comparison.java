package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Holds one exchange against the vendor's description: what we asked, and what the stand-in answered. */
final class Comparison {
    private final Description description;
    private final Exchange exchange;
    private final List<String> problems = new ArrayList<>();

    private Comparison(Description description, Exchange exchange) {
        this.description = description;
        this.exchange = exchange;
    }

    /** In words, what the description does not allow. */
    static List<String> problems(Description description, Exchange exchange) {
        var comparison = new Comparison(description, exchange);
        comparison.compare();
        return comparison.problems;
    }

    /** As {@link #problems}, for the last word of a stream. */
    static List<String> problemsOfProcess(JsonNode process) {
        return Description.SANDBOX.errors(Description.SANDBOX.schema("ProcessResponse"), process).stream()
                .filter(error -> !KnownDeviation.covers(error))
                .map(error -> "the result of a stream: " + error)
                .toList();
    }

    private void compare() {
        var operation = description.operation(exchange.method(), exchange.path());
        if (operation == null && KnownDeviation.coversRoute(exchange.method(), exchange.path())) {
            return;
        }
        if (operation == null) {
            problems.add("nothing of the kind is described: " + exchange.method() + " " + exchange.path());
            return;
        }
        query(operation);
        body(operation);
        if (exchange.status() != 0) {
            answer(operation);
        }
    }

    private void query(Description.Operation operation) {
        Map<String, JsonNode> described = description.parameters(operation);
        exchange.query().forEach((name, value) -> {
            JsonNode parameter = described.get(name);
            String type = parameter == null
                    ? "nothing"
                    : parameter.path("schema").path("type").asText();
            boolean fits =
                    switch (type) {
                        case "boolean" -> value.matches("true|false");
                        case "integer" -> value.matches("-?[0-9]+");
                        case "string" -> true;
                        default -> false;
                    };
            if (!fits) {
                problems.add(operation.name() + ": the parameter " + name + " is described as " + type);
            }
        });
        described.forEach((name, parameter) -> {
            if (parameter.path("required").asBoolean() && !exchange.query().containsKey(name)) {
                problems.add(operation.name() + ": the parameter " + name + " is missing");
            }
        });
    }

    private void body(Description.Operation operation) {
        String type = exchange.header("Content-Type").replaceFirst(";.*", "");
        JsonNode body = operation.json().path("requestBody");
        if (type.isEmpty()) {
            if (body.path("required").asBoolean()) {
                problems.add(operation.name() + ": a body is missing");
            }
            return;
        }
        JsonNode described = body.path("content").path(type);
        JsonNode sent = exchange.sent();
        if (described.isMissingNode()) {
            if (!type.equals("multipart/form-data") || !KnownDeviation.coversForm(operation.name())) {
                problems.add(operation.name() + ": a body of type " + type + " is not described");
            }
        } else if (type.equals("application/json") && sent != null) {
            report(operation.name() + " was asked", description.errors(described.path("schema"), sent));
        }
    }

    private void answer(Description.Operation operation) {
        String type = exchange.answerType();
        String what = operation.name() + " answered " + exchange.status() + " as " + type;
        var seen = new KnownDeviation.Seen(operation.name(), exchange.status(), type, exchange.answer());
        if (KnownDeviation.covers(seen)) {
            return;
        }
        JsonNode response = operation.json().path("responses").path(Integer.toString(exchange.status()));
        JsonNode described = response.path("content").path(type);
        if (response.isMissingNode() || described.isMissingNode()) {
            problems.add(what + ", which is not described");
        } else if (type.equals("application/json")) {
            JsonNode answer = Json.read(SmallServer.utf8(exchange.answer()));
            report(what, description.errors(described.path("schema"), answer));
        }
    }

    private void report(String what, List<Error> errors) {
        errors.stream()
                .filter(error -> !KnownDeviation.covers(error))
                .forEach(error -> problems.add(what + ": " + Description.place(error) + " " + error));
    }
}
