package dev.sandbridge.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The members of a JSON object as typed values. Nothing is converted: a number is not a text and the other way round.
 * What is ill-typed is told by its name, never by its value. Members nobody asks for are ignored, but not in objects
 * within; null means absent.
 */
final class JsonFields {
    static final JsonFields NONE = new JsonFields("", JsonNodeFactory.instance.objectNode());

    /** Some three hundred years. */
    private static final double MAX_SECONDS = 1e10;

    private final String prefix;
    private final JsonNode object;

    /** @param prefix put before a member's name in messages */
    JsonFields(String prefix, JsonNode object) {
        this.prefix = prefix;
        this.object = object;
    }

    boolean has(String name) {
        return object.has(name);
    }

    @Nullable
    String text(String name) {
        return as(name, "a string", node -> node.isTextual() ? whole(name, node.textValue()) : null);
    }

    @Nullable
    Boolean flag(String name) {
        return as(name, "true or false", node -> node.isBoolean() ? node.booleanValue() : null);
    }

    /** An integer within bounds. */
    @Nullable
    Long number(String name, long least, long most) {
        return as(name, "an integer from " + least + " to " + most, node -> {
            boolean fits = node.isIntegralNumber() && node.canConvertToLong();
            return fits && node.longValue() >= least && node.longValue() <= most ? node.longValue() : null;
        });
    }

    @Nullable
    Integer integer(String name) {
        Long value = number(name, 0, Integer.MAX_VALUE);
        return value == null ? null : Math.toIntExact(value);
    }

    /** Bytes, as a number or as text with a unit. */
    @Nullable
    Long bytes(String name) {
        return as(name, "a number of bytes, or text such as \"512MiB\"", node -> {
            if (node.isTextual()) {
                return ByteSize.parse(node.textValue());
            }
            return node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0
                    ? node.longValue()
                    : null;
        });
    }

    /** A length of time, as seconds or as ISO-8601 text. */
    @Nullable
    Duration duration(String name) {
        return as(name, "a positive number of seconds, or text such as \"PT1H\"", node -> {
            Duration value = node.isNumber() ? seconds(node.doubleValue()) : node.isTextual() ? iso(node) : null;
            return value == null || value.isNegative() || value.isZero() ? null : value;
        });
    }

    @Nullable
    Instant instant(String name) {
        return as(name, "a time such as \"2030-01-31T12:00:00Z\"", node -> {
            try {
                return node.isTextual() ? Instant.parse(node.textValue()) : null;
            } catch (DateTimeException malformed) {
                return null;
            }
        });
    }

    /**
     * The named object's members; none if it is absent. It is an object of ours alone, so others than these are a
     * mistake: who misspells a limit must not get a sandbox without it.
     */
    JsonFields object(String name, String... members) {
        JsonFields fields =
                as(name, "an object", node -> node.isObject() ? new JsonFields(prefix + name + ".", node) : null);
        if (fields == null) {
            return NONE;
        }
        var known = List.of(members);
        fields.object.fieldNames().forEachRemaining(member -> {
            if (!known.contains(member)) {
                throw wrong(name, "an object with no members but " + String.join(", ", known));
            }
        });
        return fields;
    }

    /** Texts, or null if absent. */
    @Nullable
    List<String> texts(String name, String wanted) {
        return as(name, wanted, node -> list(node, item -> item.isTextual() ? whole(name, item.textValue()) : null));
    }

    List<Integer> integers(String name, int least, int most) {
        List<Integer> values = as(
                name,
                "an array of integers from " + least + " to " + most,
                node -> list(node, item -> {
                    boolean fits = item.isInt() && item.intValue() >= least && item.intValue() <= most;
                    return fits ? item.intValue() : null;
                }));
        return values == null ? List.of() : values;
    }

    Map<String, String> textMap(String name) {
        Map<String, String> values = new LinkedHashMap<>();
        nullableTextMap(name).forEach((key, value) -> {
            if (value == null) {
                throw wrong(name, "an object whose values are strings");
            }
            values.put(key, value);
        });
        return values;
    }

    /** Like {@link #textMap}, where null as a value means something. */
    Map<String, @Nullable String> nullableTextMap(String name) {
        Map<String, @Nullable String> values = new LinkedHashMap<>();
        JsonNode node = object.path(name);
        if (node.isMissingNode() || node.isNull()) {
            return values;
        }
        if (!node.isObject()) {
            throw wrong(name, "an object whose values are strings");
        }
        node.properties().forEach(member -> {
            if (!member.getValue().isTextual() && !member.getValue().isNull()) {
                throw wrong(name, "an object whose values are strings");
            }
            String value = member.getValue().textValue();
            values.put(whole(name, member.getKey()), value == null ? null : whole(name, value));
        });
        return values;
    }

    /** The error that this member is not what it should be. */
    SandboxException wrong(String name, String wanted) {
        return new SandboxException(ErrorCode.INVALID_REQUEST, prefix + name + " must be " + wanted);
    }

    /** JSON can write half of a surrogate pair, which has no bytes: a command would get something else instead. */
    private String whole(String name, String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new SandboxException(
                            ErrorCode.INVALID_REQUEST, prefix + name + " must be text, not half of a surrogate pair")
                    .action("send bytes that are no text as a file");
        }
        return text;
    }

    private <T> @Nullable T as(String name, String wanted, Function<JsonNode, @Nullable T> read) {
        JsonNode node = object.path(name);
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        T value = read.apply(node);
        if (value == null) {
            throw wrong(name, wanted);
        }
        return value;
    }

    private static <T> @Nullable List<T> list(JsonNode node, Function<JsonNode, @Nullable T> read) {
        if (!node.isArray()) {
            return null;
        }
        List<T> items = new ArrayList<>(node.size());
        for (JsonNode item : node) {
            T value = read.apply(item);
            if (value == null) {
                return null;
            }
            items.add(value);
        }
        return items;
    }

    private static @Nullable Duration seconds(double seconds) {
        return seconds > 0 && seconds < MAX_SECONDS ? Duration.ofMillis(Math.round(seconds * 1000)) : null;
    }

    private static @Nullable Duration iso(JsonNode node) {
        try {
            return Duration.parse(node.textValue());
        } catch (DateTimeException malformed) {
            return null;
        }
    }
}
