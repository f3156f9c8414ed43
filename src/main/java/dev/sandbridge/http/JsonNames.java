package dev.sandbridge.http;

import java.util.Locale;

/** How constants of ours are written in JSON. */
final class JsonNames {
    private JsonNames() {}

    static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
