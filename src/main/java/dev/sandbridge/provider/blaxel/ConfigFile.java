package dev.sandbridge.provider.blaxel;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The file in which Blaxel's own command line keeps accounts, {@code ~/.blaxel/config.yaml}: maps, lists and plain
 * values, which is the part of YAML that it uses. What is not understood is passed over.
 */
final class ConfigFile {
    private final Map<String, String> values = new HashMap<>();

    private record Level(int indent, String path) {}

    private ConfigFile() {}

    static ConfigFile parse(String text) {
        var file = new ConfigFile();
        Deque<Level> levels = new ArrayDeque<>();
        levels.push(new Level(-1, ""));
        Map<String, Integer> counts = new HashMap<>();
        for (String raw : text.split("\n")) {
            String line = raw.stripTrailing();
            String content = line.stripLeading();
            if (content.isEmpty() || content.startsWith("#") || content.startsWith("---")) {
                continue;
            }
            int indent = line.length() - content.length();
            boolean item = content.startsWith("- ");
            while (levels.getFirst().indent() >= (item ? indent + 1 : indent)
                    && levels.size() > 1
                    && !(item && isListAt(levels.getFirst(), indent))) {
                levels.pop();
            }
            if (item) {
                String list = levels.getFirst().path();
                int number = counts.merge(list, 1, Integer::sum) - 1;
                levels.push(new Level(indent + 1, list + number + "."));
                content = content.substring(2).stripLeading();
                indent += 2;
            }
            file.take(levels, indent, content);
        }
        return file;
    }

    Optional<String> value(String path) {
        return Optional.ofNullable(values.get(path)).filter(value -> !value.isEmpty());
    }

    /** The path of the workspace of that name, with a dot at its end. */
    Optional<String> workspace(String name) {
        for (int i = 0; values.keySet().stream().anyMatch(key -> key.startsWith("workspaces.")); i++) {
            String path = "workspaces." + i + ".";
            if (values.keySet().stream().noneMatch(key -> key.startsWith(path))) {
                return Optional.empty();
            }
            if (name.equals(values.get(path + "name"))) {
                return Optional.of(path);
            }
        }
        return Optional.empty();
    }

    /** A list may stand as far left as its key. */
    private static boolean isListAt(Level level, int indent) {
        return level.indent() == indent
                && level.path().endsWith(".")
                && !level.path().matches(".*\\.[0-9]+\\.");
    }

    private void take(Deque<Level> levels, int indent, String content) {
        int colon = content.indexOf(':');
        if (colon <= 0) {
            return;
        }
        String path = levels.getFirst().path() + content.substring(0, colon).strip();
        String value = content.substring(colon + 1).strip();
        if (value.isEmpty()) {
            levels.push(new Level(indent, path + "."));
        } else if (value.startsWith("{") && value.contains("}")) {
            for (String pair : value.substring(1, value.indexOf('}')).split(",")) {
                int inner = pair.indexOf(':');
                if (inner > 0) {
                    values.put(
                            path + "." + pair.substring(0, inner).strip(),
                            plain(pair.substring(inner + 1).strip()));
                }
            }
        } else {
            values.put(path, plain(value));
        }
    }

    private static String plain(String value) {
        char quote = value.isEmpty() ? ' ' : value.charAt(0);
        if (quote == '"' || quote == '\'') {
            int end = value.indexOf(quote, 1);
            return end < 0 ? value.substring(1) : value.substring(1, end);
        }
        int comment = value.indexOf(" #");
        return comment < 0 ? value : value.substring(0, comment).strip();
    }
}
