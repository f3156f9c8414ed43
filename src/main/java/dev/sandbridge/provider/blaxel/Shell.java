package dev.sandbridge.provider.blaxel;

import dev.sandbridge.workspace.FileNames;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Text for the shell inside a sandbox: our scripts, and words that arrive as they are. */
final class Shell {
    static final String RUN = script("run.sh");
    static final String KILL = script("kill.sh");
    static final String HANG_UP = script("hangup.sh");
    static final String SIGNAL = script("signal.sh");
    static final String TERMINAL = script("terminal.sh");
    static final String FILES = script("files.sh");
    static final String WALK = script("walk.sh");
    static final String BATCH = script("batch.sh");
    static final String TREE = script("moves.sh") + script("tree.sh");

    private Shell() {}

    /** One word, whatever it holds; text that stands for other bytes, as {@link FileNames} writes it, becomes those. */
    static String quote(String word) {
        if (word.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
            return "'" + word.replace("'", "'\\''") + "'";
        }
        var octal = new StringBuilder("\"$(printf '");
        for (byte b : FileNames.encode(word)) {
            octal.append(String.format(Locale.ROOT, "\\%03o", b & 0xFF));
        }
        return octal.append("')\"").toString();
    }

    static String set(String name, String value) {
        return name + "=" + quote(value) + "\n";
    }

    static String words(Iterable<String> words) {
        var line = new StringBuilder("set --");
        for (String word : words) {
            line.append(' ').append(quote(word));
        }
        return line.append('\n').toString();
    }

    private static String script(String name) {
        try (InputStream in = Shell.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the script " + name + " is missing from this build");
            }
            return withoutComments(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** Comments need not travel with every command. */
    private static String withoutComments(String script) {
        return script.replaceAll("(?m)^\\s*#.*\n", "")
                .replaceAll("(?m)^\\s+", "")
                .replaceAll("\n{2,}", "\n");
    }
}
