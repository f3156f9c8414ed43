package dev.sandbridge.sandbox;

import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One command a caller wants run.
 *
 * @param directory null for the workspace (or the session's directory); relative means below the workspace
 * @param stdin null for none; read to its end on another thread, not closed
 * @param timeout null for the sandbox's own
 * @param session the {@code Session-Id} whose directory and environment it shares, or null
 * @param unlimitedByDefault whether no limit applies when neither call nor sandbox names one (the contract's event
 * stream);
 *     otherwise {@link dev.sandbridge.session.Timeouts#DEFAULT_EXEC}
 * @param cap what holds in any case, or null
 */
public record ExecCall(
        List<String> argv,
        @Nullable String directory,
        Map<String, String> environment,
        @Nullable String user,
        @Nullable InputStream stdin,
        @Nullable Duration timeout,
        @Nullable String session,
        boolean unlimitedByDefault,
        @Nullable Duration cap) {
    public ExecCall(
            List<String> argv,
            @Nullable String directory,
            Map<String, String> environment,
            @Nullable String user,
            @Nullable InputStream stdin,
            @Nullable Duration timeout,
            @Nullable String session,
            boolean unlimitedByDefault) {
        this(argv, directory, environment, user, stdin, timeout, session, unlimitedByDefault, null);
    }

    /** The same call with a limit that no command outlives, whatever call and sandbox name. */
    public ExecCall within(Duration limit) {
        return new ExecCall(argv, directory, environment, user, stdin, timeout, session, unlimitedByDefault, limit);
    }

    @Override
    public String toString() {
        return "ExecCall";
    }
}
