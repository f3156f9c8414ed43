package dev.sandbridge.http;

import dev.sandbridge.pty.TerminalSize;
import dev.sandbridge.sandbox.ExecCall;
import dev.sandbridge.sandbox.ToolCall;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the JSON of a tool call's command: text for a shell, or a program with its arguments. */
final class ToolCalls {
    private static final String ARGV = "a non-empty array of strings, where no command is given";
    private static final int LARGEST = 0xFFFF;

    private ToolCalls() {}

    /** @param session named by the header, which wins over the body */
    static ToolCall read(JsonFields fields, @Nullable String session) {
        var exec = new ExecCall(
                argv(fields),
                fields.text("cwd"),
                fields.textMap("env"),
                fields.text("user"),
                null,
                null,
                session == null ? fields.text("session") : session,
                true);
        Boolean tty = fields.flag("tty");
        return new ToolCall(
                exec,
                tty == null || tty,
                new TerminalSize(
                        number(fields, "cols", TerminalSize.DEFAULT.columns()),
                        number(fields, "rows", TerminalSize.DEFAULT.rows())));
    }

    private static List<String> argv(JsonFields fields) {
        String command = fields.text("command");
        List<String> argv = fields.texts("argv", ARGV);
        String shell = fields.text("shell");
        Boolean login = fields.flag("login");
        if (command == null) {
            if (argv == null || argv.isEmpty()) {
                throw fields.wrong("argv", ARGV);
            }
            if (shell != null || login != null) {
                throw fields.wrong("shell and login", "absent where argv is given: only a command has a shell");
            }
            return argv;
        }
        if (argv != null || command.isEmpty()) {
            throw fields.wrong("command", "text that is not empty, where no argv is given");
        }
        if (shell != null && shell.isBlank()) {
            throw fields.wrong("shell", "the name of a program");
        }
        return List.of(shell == null ? "sh" : shell, login == null || login ? "-lc" : "-c", command);
    }

    private static int number(JsonFields fields, String name, int standard) {
        Long value = fields.number(name, 1, LARGEST);
        return value == null ? standard : value.intValue();
    }
}
