package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.pty.TerminalSize;
import dev.sandbridge.workspace.WorkspacePath;
import org.jspecify.annotations.Nullable;

/**
 * What a caller wants of a terminal. Checked when made.
 *
 * @param session names a terminal that others may see too, and the shell session whose directory and environment its
 *     shell starts with; or null
 * @param shell the program that is the shell; null for bash
 * @param directory where to start; null for the workspace (or the session's directory); relative means below the
 *     workspace
 * @param user null for the sandbox's default user
 * @param size null for the standard size, or the one that a running terminal has
 */
public record TerminalCall(
        @Nullable String session,
        @Nullable String shell,
        @Nullable String directory,
        @Nullable String user,
        @Nullable TerminalSize size) {
    public TerminalCall {
        if (session != null) {
            ShellSessions.checked(session);
        }
        if (shell != null && (shell.isBlank() || shell.indexOf('\0') >= 0)) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "shell must name a program");
        }
        if (directory != null) {
            WorkspacePath.of(directory);
        }
    }

    /** Whether it asks for a terminal that has a name and outlives its viewers. */
    public boolean isNamed() {
        return session != null || shell != null;
    }

    /** The name among the sandbox's terminals: a shell without a session is shared by all who ask for the same. */
    String name() {
        return session != null ? session : "shell " + shellOrStandard();
    }

    String shellOrStandard() {
        return shell == null ? "bash" : shell;
    }

    TerminalSize sizeOrStandard() {
        return size == null ? TerminalSize.DEFAULT : size;
    }
}
