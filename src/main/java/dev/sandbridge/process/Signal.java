package dev.sandbridge.process;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.util.Locale;
import java.util.Map;

/**
 * A Linux signal by number.
 *
 * @param number 1..64
 */
public record Signal(int number) {
    public static final Signal INT = new Signal(2);
    public static final Signal KILL = new Signal(9);
    public static final Signal TERM = new Signal(15);

    /** signal(7), the numbers that x86-64 and arm64 share. */
    private static final Map<String, Integer> NAMES = Map.ofEntries(
            Map.entry("HUP", 1),
            Map.entry("INT", 2),
            Map.entry("QUIT", 3),
            Map.entry("ILL", 4),
            Map.entry("TRAP", 5),
            Map.entry("ABRT", 6),
            Map.entry("BUS", 7),
            Map.entry("FPE", 8),
            Map.entry("KILL", 9),
            Map.entry("USR1", 10),
            Map.entry("SEGV", 11),
            Map.entry("USR2", 12),
            Map.entry("PIPE", 13),
            Map.entry("ALRM", 14),
            Map.entry("TERM", 15),
            Map.entry("CHLD", 17),
            Map.entry("CONT", 18),
            Map.entry("STOP", 19),
            Map.entry("TSTP", 20),
            Map.entry("TTIN", 21),
            Map.entry("TTOU", 22),
            Map.entry("XCPU", 24),
            Map.entry("XFSZ", 25),
            Map.entry("WINCH", 28),
            Map.entry("SYS", 31));

    public Signal {
        if (number < 1 || number > 64) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "a signal is a number from 1 to 64 or a name");
        }
    }

    /** Reads {@code TERM}, {@code SIGTERM}, {@code sigterm} or {@code 15}. */
    public static Signal parse(String text) {
        if (text.matches("[0-9]{1,2}")) {
            return new Signal(Integer.parseInt(text));
        }
        String name = text.toUpperCase(Locale.ROOT);
        Integer number = NAMES.get(name.startsWith("SIG") ? name.substring(3) : name);
        if (number == null) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "unknown signal")
                    .action("use a name such as TERM, KILL, INT, or a number from 1 to 64");
        }
        return new Signal(number);
    }

    static String nameOf(int number) {
        return NAMES.entrySet().stream()
                .filter(entry -> entry.getValue() == number)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(Integer.toString(number));
    }
}
