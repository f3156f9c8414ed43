package dev.sandbridge.process;

import org.jspecify.annotations.Nullable;

/**
 * How a command ended.
 *
 * @param code 0..255; {@code 128 + n} for death by signal n, as shells report it
 * @param signal the signal's name without SIG ({@code KILL}), or null after a normal exit
 */
public record ExitStatus(int code, @Nullable String signal) {
    /** The code that says the time limit ended a command, as {@code timeout(1)} does. */
    public static final int TIMED_OUT = 124;

    private static final int SIGNALS = 64;

    /** What a shell's {@code $?} tells: death by signal n is 128 + n there, and nothing else can be that. */
    public static ExitStatus ofShell(int code) {
        return code > 128 && code <= 128 + SIGNALS ? killed(code - 128) : exited(code & 0xFF);
    }

    public static ExitStatus exited(int code) {
        return new ExitStatus(code, null);
    }

    public static ExitStatus killed(int signal) {
        return new ExitStatus(128 + signal, Signal.nameOf(signal));
    }
}
