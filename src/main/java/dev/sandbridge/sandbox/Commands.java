package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExecLimits;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.session.Timeouts;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From a call to a started command: directory, environment, time limit, shell session. */
final class Commands {
    private final ShellSessions sessions = new ShellSessions();

    /** Starts a command for one call; {@code release} runs when the answer is closed, or never if this throws. */
    StartedExec start(Sandboxes.Found found, ExecCall call, Runnable release) {
        var limits = new ExecLimits(timeout(found, call), found.state().limits().outputBytes());
        String session = call.session();
        if (session == null) {
            RunningCommand command = launch(found, call, call.stdin() != null);
            return new StartedExec(command, limits, call.stdin(), found.handle()::limitReached, release);
        }
        ShellSessions.Turn turn = sessions.take(found.id().name(), ShellSessions.checked(session));
        try {
            RunningCommand command = found.handle().start(command(found, call, call.stdin() != null));
            return new StartedExec(command, limits, call.stdin(), found.handle()::limitReached, () -> {
                turn.end();
                release.run();
            });
        } catch (RuntimeException failed) {
            turn.end();
            throw failed;
        }
    }

    /** Starts the command alone. */
    RunningCommand launch(Sandboxes.Found found, ExecCall call, boolean stdin) {
        return found.handle().start(command(found, call, stdin));
    }

    void openSession(
            Sandboxes.Found found, String session, @Nullable String directory, Map<String, String> environment) {
        String command = directory == null ? ":" : "cd -- " + ShellSessions.quoted(directory(directory));
        runQuietly(found, session, ShellSessions.wrap(session, command, environment));
    }

    void closeSession(Sandboxes.Found found, String session) {
        runQuietly(found, session, ShellSessions.forget(session));
    }

    void forget(SandboxName name) {
        sessions.forgetAll(name);
    }

    private void runQuietly(Sandboxes.Found found, String session, List<String> argv) {
        var said = new ByteArrayOutputStream();
        var limits = new ExecLimits(found.state().timeouts().fastOp(), 64 * 1024);
        var command = new Command(argv, WorkspacePath.ROOT, found.state().environment(), null, false);
        ShellSessions.Turn turn = sessions.take(found.id().name(), session);
        try (var exec =
                new StartedExec(found.handle().start(command), limits, null, found.handle()::limitReached, () -> {})) {
            var status = exec.run((channel, bytes, offset, length) -> said.write(bytes, offset, length));
            if (status.code() != 0) {
                String reason = said.toString(StandardCharsets.UTF_8).strip();
                throw new SandboxException(ErrorCode.SESSION_ERROR, "the session could not be changed: " + reason);
            }
        } catch (IOException failed) {
            throw new SandboxException(ErrorCode.SESSION_ERROR, "the session could not be changed", failed);
        } finally {
            turn.end();
        }
    }

    private static Command command(Sandboxes.Found found, ExecCall call, boolean stdin) {
        var environment = new HashMap<>(found.state().environment());
        List<String> argv = call.argv();
        String session = call.session();
        String directory = call.directory() == null ? null : directory(call.directory());
        if (session == null) {
            environment.putAll(call.environment());
        } else {
            // Validates argv and names before they become text of a shell.
            new Command(argv, WorkspacePath.ROOT, call.environment(), null, false);
            String line = ShellSessions.quoted(argv);
            String command = directory == null ? line : "cd -- " + ShellSessions.quoted(directory) + " && " + line;
            argv = ShellSessions.wrap(ShellSessions.checked(session), command, call.environment());
            directory = null;
        }
        return new Command(argv, directory == null ? WorkspacePath.ROOT : directory, environment, call.user(), stdin);
    }

    private static String directory(String text) {
        return WorkspacePath.of(text).text();
    }

    private static @Nullable Duration timeout(Sandboxes.Found found, ExecCall call) {
        if (call.timeout() != null) {
            return call.timeout();
        }
        Duration own = found.state().timeouts().exec();
        return own != null || call.unlimitedByDefault() ? own : Timeouts.DEFAULT_EXEC;
    }
}
