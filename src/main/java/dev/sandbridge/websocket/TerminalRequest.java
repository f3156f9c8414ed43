package dev.sandbridge.websocket;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.http.Upgrade;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.pty.TerminalSize;
import dev.sandbridge.sandbox.SandboxRef;
import dev.sandbridge.sandbox.TerminalCall;
import org.jspecify.annotations.Nullable;

/**
 * What an upgrade asks for, in the domain's terms.
 *
 * @param offset of the first byte wanted of a named terminal's output; null for all that is kept
 */
record TerminalRequest(
        Caller caller,
        SandboxRef sandbox,
        TerminalCall call,
        @Nullable Long offset) {

    /** @throws SandboxException INVALID_REQUEST, PATH_OUTSIDE_WORKSPACE */
    static TerminalRequest of(Upgrade upgrade) {
        String header = upgrade.header("Session-Id");
        String shell = upgrade.query("shell");
        var call = new TerminalCall(
                header != null ? header : upgrade.query("session"),
                shell == null || shell.isEmpty() ? null : shell,
                upgrade.query("cwd"),
                upgrade.query("user"),
                size(upgrade));
        long offset = upgrade.number("offset", -1, 0, Long.MAX_VALUE);
        if (offset >= 0 && !call.isNamed()) {
            throw new SandboxException(
                    ErrorCode.INVALID_REQUEST, "offset needs a session: only its terminal can be come back to");
        }
        return new TerminalRequest(upgrade.caller(), upgrade.sandbox(), call, offset < 0 ? null : offset);
    }

    private static @Nullable TerminalSize size(Upgrade upgrade) {
        String columns = upgrade.query("cols");
        String rows = upgrade.query("rows");
        if (columns == null && rows == null) {
            return null;
        }
        return new TerminalSize(
                number(columns, TerminalSize.DEFAULT.columns()), number(rows, TerminalSize.DEFAULT.rows()));
    }

    private static int number(@Nullable String text, int standard) {
        try {
            return text == null ? standard : Integer.parseInt(text);
        } catch (NumberFormatException notANumber) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "cols and rows must be valid numbers");
        }
    }
}
