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

    private ExecCalls() {}

    static ExecCall read(JsonFields fields, @Nullable String session, boolean unlimited) {
        List<String> argv = fields.texts("argv", ARGV);
        if (argv == null || argv.isEmpty()) {
            throw fields.wrong("argv", ARGV);
        }
        Long timeout = fields.number("timeout_ms", 1, WEEK_MILLIS);
        return new ExecCall(
                argv,
                fields.text("cwd"),
                fields.textMap("env"),
                fields.text("user"),
                stdin(fields),
                timeout == null ? null : Duration.ofMillis(timeout),
                session,
                unlimited);
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
