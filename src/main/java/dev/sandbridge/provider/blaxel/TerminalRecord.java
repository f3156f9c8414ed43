package dev.sandbridge.provider.blaxel;

import dev.sandbridge.pty.SentinelShell;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a service must know of a terminal to come to it. Made by chance and kept inside the sandbox, for its user only:
 * at Blaxel whoever knows the session shares the shell, and who knows the sentinel can forge an exit code. Both could
 * be learned inside anyway, where the shell's own processes are; nobody outside reads the file.
 *
 * @param session Blaxel's name for the shell
 * @param tag that the command carries, and with it all that descends from it
 */
record TerminalRecord(String session, String sentinel, long tag, Instant startedAt) {
    private static final Pattern FORM =
            Pattern.compile("(sb-[a-z2-7]{24}) ([0-9a-f]{16}) ([0-9a-f]{16}) ([0-9]{1,18}) ([0-9]{1,15})");

    /** What the sandbox has may be anything; null for what is no record. */
    static @Nullable TerminalRecord parse(String text) {
        Matcher form = FORM.matcher(text);
        return form.matches()
                ? new TerminalRecord(
                        form.group(1),
                        form.group(2) + form.group(3),
                        Long.parseLong(form.group(4)),
                        Instant.ofEpochMilli(Long.parseLong(form.group(5))))
                : null;
    }

    String text() {
        return session + " " + SentinelShell.mark(sentinel) + " " + tag + " " + startedAt.toEpochMilli();
    }
}
