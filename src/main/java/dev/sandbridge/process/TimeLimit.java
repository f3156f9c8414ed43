package dev.sandbridge.process;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** What happens to a command whose time is over, and how it is told: {@link ExitStatus#TIMED_OUT} and a note. */
public final class TimeLimit {
    /** Between the polite and the final signal; the Python SDK gives up five seconds after the time limit. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private TimeLimit() {}

    /**
     * Waits for a command's end. When its time is over, ends it and everything it started.
     *
     * @param time null for none
     * @return whether it ended in time, in whatever way
     */
    public static boolean keep(RunningCommand command, @Nullable Duration time) throws InterruptedException {
        if (awaitExit(command, time)) {
            return true;
        }
        try {
            command.signal(Signal.TERM);
            awaitExit(command, GRACE);
        } finally {
            command.kill();
        }
        return false;
    }

    /** The line for the command's stderr, after all of its own output. */
    public static byte[] note(Duration time) {
        return ("Command timed out after " + time.toMillis() + "ms\n").getBytes(StandardCharsets.UTF_8);
    }

    private static boolean awaitExit(RunningCommand command, @Nullable Duration time) throws InterruptedException {
        try {
            if (time == null) {
                command.exit().get();
            } else {
                command.exit().get(time.toNanos(), TimeUnit.NANOSECONDS);
            }
        } catch (ExecutionException unknown) {
            return true;
        } catch (TimeoutException late) {
            return false;
        }
        return true;
    }
}
