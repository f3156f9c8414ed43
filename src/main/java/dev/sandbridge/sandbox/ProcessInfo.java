package dev.sandbridge.sandbox;

import dev.sandbridge.process.ExitStatus;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A process that outlives the call that started it.
 *
 * @param id unique within the sandbox while this service runs
 * @param pid inside the sandbox
 * @param status how it ended, or null while it runs
 * @param timedOut whether its time limit ended it; a program may exit with {@link ExitStatus#TIMED_OUT} too
 * @param failure why its end is unknown, or null
 * @param stdoutBytes written so far, dropped ones included
 */
public record ProcessInfo(
        String id,
        int pid,
        @Nullable String label,
        Instant startedAt,
        @Nullable Instant endedAt,
        @Nullable ExitStatus status,
        boolean timedOut,
        @Nullable String failure,
        long stdoutBytes,
        long stderrBytes) {
    public boolean isRunning() {
        return endedAt == null;
    }
}
