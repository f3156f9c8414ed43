package dev.sandbridge.owner;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keys as text: a heading, then a line each with id, owner, role, profile or -, enabled or disabled, creation time, and
 * SHA-256 of the key. Read strictly: what is not exactly that is no key, and a text without the heading is cut or
 * foreign.
 */
final class KeyLines {
    private static final String HEADING = "# id owner role profile state created sha256";
    private static final String NONE = "-";

    private KeyLines() {}

    static byte[] format(List<StoredKey> keys) {
        var text = new StringBuilder(HEADING).append('\n');
        keys.forEach(key -> text.append(line(key)).append('\n'));
        return text.toString().getBytes(UTF_8);
    }

    /** Lines without their heading as a text that {@link #parse} reads. */
    static byte[] text(List<String> lines) {
        return (HEADING + "\n" + String.join("\n", lines)).getBytes(UTF_8);
    }

    /** @throws IOException that says which line is wrong, and what to do */
    static List<StoredKey> parse(byte[] contents) throws IOException {
        List<String> lines = new String(contents, UTF_8).lines().toList();
        if (lines.isEmpty() || !lines.getFirst().equals(HEADING)) {
            throw new IOException("line 1 is not \"" + HEADING + "\": restore the file from a backup,"
                    + " or remove it to revoke every key and start with a new one");
        }
        var keys = new ArrayList<StoredKey>();
        var ids = new HashSet<String>();
        for (int i = 1; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            StoredKey key = key(line, i + 1);
            if (!ids.add(key.info().keyId())) {
                throw wrong(i + 1, "has the id of a line before", null);
            }
            keys.add(key);
        }
        return List.copyOf(keys);
    }

    private static String line(StoredKey key) {
        KeyInfo info = key.info();
        String profile = info.profile();
        return String.join(
                " ",
                info.keyId(),
                info.owner().text(),
                info.role().name(),
                profile == null ? NONE : profile,
                info.disabled() ? "disabled" : "enabled",
                info.createdAt().toString(),
                HexFormat.of().formatHex(key.hash()));
    }

    private static StoredKey key(String line, int number) throws IOException {
        String[] part = line.split(" ", -1);
        if (part.length != 7 || !part[6].matches("[0-9a-f]{64}")) {
            throw wrong(number, "is not a key", null);
        }
        try {
            var info = new KeyInfo(
                    part[0],
                    new OwnerId(part[1]),
                    Role.valueOf(part[2]),
                    part[3].equals(NONE) ? null : part[3],
                    disabled(part[4]),
                    Instant.parse(part[5]));
            return new StoredKey(info, HexFormat.of().parseHex(part[6]));
        } catch (RuntimeException wrong) {
            throw wrong(number, "is not a key", wrong);
        }
    }

    /** Anything but the two words is a mistake, and must not let a key in that somebody meant to disable. */
    private static boolean disabled(String state) {
        return switch (state) {
            case "disabled" -> true;
            case "enabled" -> false;
            default -> throw new IllegalArgumentException("neither enabled nor disabled");
        };
    }

    private static IOException wrong(int number, String what, @Nullable Throwable cause) {
        return new IOException(
                "line " + number + " " + what + ": correct it, or remove the line to revoke that key", cause);
    }
}
