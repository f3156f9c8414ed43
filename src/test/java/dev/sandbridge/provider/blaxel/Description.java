package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.path.NodePath;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The vendor's own description of one of its APIs (OpenAPI 3.0): what can be asked, and what is answered. Objects hold
 * nothing that is not described. What the real server does otherwise is listed in {@link KnownDeviation}.
 */
final class Description {
    static final Description CONTROL_PLANE = new Description("controlplane.yml", "/v0");
    static final Description SANDBOX = new Description("sandbox-api.yml", "");

    private static final String SCHEMAS = "/components/schemas/";

    private final String base;
    private final JsonNode document;
    private final SchemaRegistry registry;
    private final List<Route> routes = new ArrayList<>();
    private final Map<String, Schema> schemas = new ConcurrentHashMap<>();

    private record Route(Pattern path, String template, JsonNode item) {}

    /** What is asked of one route. */
    record Operation(String name, JsonNode json, JsonNode shared) {}

    private Description(String file, String base) {
        this.base = base;
        try (InputStream in = Description.class.getResourceAsStream("/blaxel/" + file)) {
            document = new YAMLMapper().readTree(Objects.requireNonNull(in, file));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        close(document.at("/components/schemas"));
        registry = SchemaRegistry.withDialect(Dialects.getOpenApi30());
        document.path("paths").properties().forEach(path -> routes.add(route(path.getKey(), path.getValue())));
        // The longest text without a placeholder first: /filesystem/tree/{path} before /filesystem/{path}.
        routes.sort(Comparator.comparing((Route route) -> route.template().indexOf('{') < 0)
                .thenComparing(route -> route.template().indexOf('{'))
                .reversed());
    }

    /** The route and method, or null where the description has none. */
    @Nullable
    Operation operation(String method, String path) {
        String own = path.startsWith(base) ? path.substring(base.length()) : path;
        String verb = method.toLowerCase(java.util.Locale.ROOT);
        for (Route route : routes) {
            if (route.path().matcher(own).matches() && route.item().has(verb)) {
                return new Operation(
                        method + " " + route.template(),
                        route.item().path(verb),
                        route.item().path("parameters"));
            }
        }
        return null;
    }

    /** Names of query parameters, with their schemas. */
    Map<String, JsonNode> parameters(Operation operation) {
        var found = new java.util.TreeMap<String, JsonNode>();
        for (JsonNode list : List.of(operation.shared(), operation.json().path("parameters"))) {
            for (JsonNode entry : list) {
                JsonNode parameter = resolved(entry);
                if (parameter.path("in").asText().equals("query")) {
                    found.put(parameter.path("name").asText(), parameter);
                }
            }
        }
        return found;
    }

    /** What is wrong with a body, by the schema at that place of the document. */
    List<Error> errors(JsonNode schema, JsonNode body) {
        return schemas.computeIfAbsent(schema.toString(), key -> compile(schema))
                .validate(body);
    }

    JsonNode schema(String name) {
        return Json.object().put("$ref", "#" + SCHEMAS + name);
    }

    /** With all that references lead to. */
    private Schema compile(JsonNode schema) {
        ObjectNode whole = Json.object();
        whole.putArray("allOf").add(schema);
        whole.set("components", document.path("components"));
        return registry.getSchema(whole);
    }

    private JsonNode resolved(JsonNode node) {
        String reference = node.path("$ref").asText("");
        return reference.isEmpty() ? node : document.at(reference.substring(1));
    }

    private static Route route(String template, JsonNode item) {
        var pattern = new StringBuilder();
        for (String part : template.split("(?=\\{)|(?<=})")) {
            pattern.append(
                    part.equals("{path}") || part.equals("{mountPath}")
                            ? ".+"
                            : part.startsWith("{") ? "[^/]+" : Pattern.quote(part));
        }
        return new Route(Pattern.compile(pattern.toString()), template, item);
    }

    /** Objects are made of what is described and nothing else; parts of a whole are put together for that. */
    private void close(JsonNode node) {
        if (node instanceof ObjectNode object) {
            if (isMadeOfObjects(object)) {
                merge(object);
            }
            if (object.has("properties") && !object.has("additionalProperties")) {
                object.put("additionalProperties", false);
            }
        }
        node.forEach(this::close);
    }

    private boolean isMadeOfObjects(ObjectNode whole) {
        boolean all = whole.path("allOf").isArray();
        for (JsonNode part : whole.path("allOf")) {
            all &= resolved(part).path("properties").isObject();
        }
        return all;
    }

    private void merge(ObjectNode whole) {
        for (JsonNode part : whole.remove("allOf")) {
            JsonNode described = resolved(part);
            whole.withObject("/properties").setAll((ObjectNode) described.path("properties"));
            described.path("required").forEach(name -> whole.withArray("/required")
                    .add(name));
        }
    }

    static String place(Error error) {
        NodePath path = error.getInstanceLocation();
        String property = error.getProperty();
        return path + (property == null ? "" : "/" + property);
    }
}
