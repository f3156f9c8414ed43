package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExecLimits;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.session.Timeouts;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** From a call to a started command: directory, environment, time limit, shell session. */
final class Commands {
    /** Longer than that is a process, not a call. */
    private static final Duration LONGEST = Duration.ofDays(7);

    private final ShellSessions sessions = new ShellSessions();

    /**
     * Starts a command for one call; the visit ends when the answer is closed, and goes on if this throws.
     *
     * @param whenGone is told what to do when the caller leaves before that
     */
    StartedExec start(Visits.Visit visit, ExecCall call, Consumer<Runnable> whenGone) {
        String session = call.session();
        if (session == null) {
            return visit.attempt(found -> started(found, call, visit::close));
        }
        Sandboxes.Found entered = visit.found();
        // What is wrong with the call is told before it waits.
        command(entered, call, false, true);
        ShellSessions.Turn turn = sessions.take(entered.id().name(), session, timeout(entered, call), whenGone);
        boolean running = false;
        try {
            if (turn.wasAwaited()) {
                visit.settle();
            }
            var exec = visit.attempt(found -> started(found, call, () -> {
                turn.end();
                visit.close();
            }));
            running = true;
            return exec;
        } finally {
            if (!running) {
                turn.end();
            }
        }
    }

    /** Starts a command that goes on by itself. In a session, it begins where the session stands and leaves no mark. */
    RunningCommand launch(Sandboxes.Found found, ExecCall call) {
        return found.handle().start(command(found, call, true, false));
    }

    /** What goes on by itself, not started yet. In a session, it begins where the session stands and leaves no mark. */
    Command detached(Sandboxes.Found found, ExecCall call, boolean stdin) {
        return command(found, call, stdin, false);
    }

    /** What a terminal runs. In a session, it begins where the session stands and leaves no mark. */
    Command onTerminal(Sandboxes.Found found, List<String> argv, TerminalCall call) {
        var exec = new ExecCall(argv, call.directory(), Map.of(), call.user(), null, null, call.session(), true);
        return command(found, exec, true, false);
    }

    void openSession(
            Sandboxes.Found found, String session, @Nullable String directory, Map<String, String> environment) {
        var variables = new HashMap<>(found.state().environment());
        variables.putAll(environment);
        var argv = ShellSessions.wrap(session, directory != null, true, ":", environment.keySet());
        runQuietly(found, session, new Command(argv, directory(directory), variables, null, false));
    }

    void closeSession(Sandboxes.Found found, String session) {
        runQuietly(
                found, session, new Command(ShellSessions.forget(session), WorkspacePath.ROOT, Map.of(), null, false));
    }

    private void runQuietly(Sandboxes.Found found, String session, Command command) {
        var said = new ByteArrayOutputStream();
        var limits = new ExecLimits(found.state().timeouts().fastOp(), 64 * 1024);
        ShellSessions.Turn turn = sessions.take(
                found.id().name(), session, found.state().timeouts().fastOp());
        try (var exec =
                new StartedExec(found.handle().start(command), limits, null, found.handle()::limitReached, turn::end)) {
            var status = exec.run((channel, bytes, offset, length) -> said.write(bytes, offset, length));
            if (status.code() != 0 || said.size() > 0) {
                String reason = said.toString(StandardCharsets.UTF_8).strip();
                throw new SandboxException(ErrorCode.SESSION_ERROR, "the session could not be changed: " + reason);
            }
        } catch (IOException failed) {
            throw new SandboxException(ErrorCode.SESSION_ERROR, "the session could not be changed", failed);
        } finally {
            turn.end();
        }
    }

    private static StartedExec started(Sandboxes.Found found, ExecCall call, Runnable release) {
        var limits = new ExecLimits(timeout(found, call), found.state().limits().outputBytes());
        Command command = command(found, call, call.stdin() != null, true);
        return new StartedExec(
                found.handle().start(command), limits, call.stdin(), found.handle()::limitReached, release);
    }

    private static Command command(Sandboxes.Found found, ExecCall call, boolean stdin, boolean save) {
        var environment = new HashMap<>(found.state().environment());
        environment.putAll(call.environment());
        String directory = directory(call.directory());
        var plain = new Command(call.argv(), directory, environment, call.user(), stdin);
        String session = call.session();
        if (session == null) {
            return plain;
        }
        var argv = ShellSessions.wrap(
                ShellSessions.checked(session),
                call.directory() != null,
                save,
                ShellSessions.quoted(plain.argv()),
                call.environment().keySet());
        return new Command(argv, directory, environment, call.user(), stdin);
    }

    private static String directory(@Nullable String wish) {
        return wish == null ? WorkspacePath.ROOT : WorkspacePath.of(wish).text();
    }

    /** The time limit that the call itself names, or null. */
    static @Nullable Duration asked(ExecCall call) {
        Duration wish = call.timeout();
        if (wish != null && (!wish.isPositive() || wish.compareTo(LONGEST) > 0)) {
            throw new SandboxException(
                            ErrorCode.LIMIT_OUT_OF_RANGE, "a command's time limit must lie between 0 and 7 days")
                    .action("start a process without a limit for what shall run longer");
        }
        return wish;
    }

    private static @Nullable Duration timeout(Sandboxes.Found found, ExecCall call) {
        Duration chosen = chosen(found, call);
        Duration cap = call.cap();
        return cap != null && (chosen == null || chosen.compareTo(cap) > 0) ? cap : chosen;
    }

    private static @Nullable Duration chosen(Sandboxes.Found found, ExecCall call) {
        Duration wish = asked(call);
        if (wish != null) {
            return wish;
        }
        Duration own = found.state().timeouts().exec();
        return own != null || call.unlimitedByDefault() ? own : Timeouts.DEFAULT_EXEC;
    }
}
