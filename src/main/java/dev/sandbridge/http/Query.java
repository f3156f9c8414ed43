package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The query of a URL as typed values; what is ill-typed is told by name. Never logged: it may hold a key. */
final class Query {
    private final Map<String, List<String>> values = new LinkedHashMap<>();

    /** @param raw what follows the question mark, or null */
    Query(@Nullable String raw) {
        if (raw == null || raw.isEmpty()) {
            return;
        }
        for (String pair : raw.split("&", -1)) {
            int equals = pair.indexOf('=');
            String name = equals < 0 ? pair : pair.substring(0, equals);
            String value = equals < 0 ? "" : pair.substring(equals + 1);
            values.computeIfAbsent(decode(name), key -> new ArrayList<>()).add(decode(value));
        }
    }

    @Nullable
    String text(String name) {
        List<String> all = values.get(name);
        return all == null ? null : all.getLast();
    }

    List<String> all(String name) {
        return values.getOrDefault(name, List.of());
    }

    /** A switch: present without value means yes. */
    boolean flag(String name) {
        String text = text(name);
        return switch (text) {
            case null -> false;
            case "", "true", "1" -> true;
            case "false", "0" -> false;
            default -> throw wrong(name, "true or false");
        };
    }

    long number(String name, long standard, long least, long most) {
        String text = text(name);
        if (text == null) {
            return standard;
        }
        try {
            long value = Long.parseLong(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException notANumber) {
            throw wrong(name, "a number from " + least + " to " + most);
        }
        throw wrong(name, "a number from " + least + " to " + most);
    }

    Duration millis(String name, long standard, long most) {
        return Duration.ofMillis(number(name, standard, 0, most));
    }

    /** Permission bits in octal, or null. */
    @Nullable
    Integer mode(String name) {
        String text = text(name);
        return text == null ? null : FileMode.parse(name, text);
    }

    static SandboxException wrong(String name, String wanted) {
        return new SandboxException(ErrorCode.INVALID_REQUEST, name + " must be " + wanted);
    }

    private static String decode(String raw) {
        return Percent.decode(raw.replace('+', ' '));
    }
}
