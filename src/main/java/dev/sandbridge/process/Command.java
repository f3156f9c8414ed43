package dev.sandbridge.process;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What to start. Never logged: arguments and environment often carry secrets.
 *
 * @param argv arguments as the program receives them; the first is looked up in the environment's PATH
 * @param directory absolute working directory
 * @param environment added to, and winning over, what the sandbox sets itself (PATH, HOME, ...)
 * @param user name or {@code uid:gid}; null for the sandbox's default user
 * @param stdin whether input follows; without it the command reads the end at once
 */
public record Command(
        List<String> argv,
        String directory,
        Map<String, String> environment,
        @Nullable String user,
        boolean stdin) {
    public Command {
        argv = List.copyOf(argv);
        environment = Map.copyOf(environment);
        if (argv.isEmpty()) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "argv must be a non-empty array of strings");
        }
        for (String argument : argv) {
            requireNoNul(argument, "argv");
        }
        requireVariables(environment);
    }

    /**
     * Checks names and values of environment variables before they are kept anywhere.
     *
     * @throws SandboxException INVALID_REQUEST for a name that no shell could use, or a NUL
     */
    public static void requireVariables(Map<String, String> environment) {
        environment.forEach((name, value) -> {
            requireNoNul(value, "env");
            if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
                throw new SandboxException(
                                ErrorCode.INVALID_REQUEST, "env holds a name that is not a shell variable name")
                        .action("use letters, digits and underscores, not starting with a digit");
            }
        });
    }

    private static void requireNoNul(String value, String field) {
        if (value.indexOf('\0') >= 0) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, field + " holds a NUL character");
        }
    }

    @Override
    public String toString() {
        return "Command[" + argv.size() + " arguments]";
    }
}
