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

    public static ExitStatus exited(int code) {
        return new ExitStatus(code, null);
    }

    public static ExitStatus killed(int signal) {
        return new ExitStatus(128 + signal, Signal.nameOf(signal));
    }
}
