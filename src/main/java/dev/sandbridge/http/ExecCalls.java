package dev.sandbridge.http;

import dev.sandbridge.sandbox.ExecCall;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the JSON of a command, the same for exec and processes. */
final class ExecCalls {
    private static final String ARGV = "a non-empty array of strings";
    private static final long WEEK_MILLIS = Duration.ofDays(7).toMillis();

    /** An answer in one piece is silent until its end, which is cut off by this door and by those before it. */
    private static final long HOUR_MILLIS = Duration.ofHours(1).toMillis();

    private ExecCalls() {}

    /** @param silent whether the answer comes in one piece; a command then has a limit in any case */
    static ExecCall read(JsonFields fields, @Nullable String session, boolean silent) {
        List<String> argv = fields.texts("argv", ARGV);
        if (argv == null || argv.isEmpty()) {
            throw fields.wrong("argv", ARGV);
        }
        Long timeout = fields.number("timeout_ms", 1, silent ? HOUR_MILLIS : WEEK_MILLIS);
        return new ExecCall(
                argv,
                fields.text("cwd"),
                fields.textMap("env"),
                fields.text("user"),
                stdin(fields),
                timeout == null ? null : Duration.ofMillis(timeout),
                session,
                !silent);
    }

    private static @Nullable InputStream stdin(JsonFields fields) {
        String text = fields.text("stdin");
        String encoded = fields.text("stdin_base64");
        if (text != null && encoded != null) {
            throw fields.wrong("stdin_base64", "absent where stdin is given");
        }
        if (text != null) {
            return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        }
        if (encoded == null) {
            return null;
        }
        try {
            return new ByteArrayInputStream(Base64.getDecoder().decode(encoded));
        } catch (IllegalArgumentException malformed) {
            throw fields.wrong("stdin_base64", "base64 in the standard alphabet");
        }
    }
}
