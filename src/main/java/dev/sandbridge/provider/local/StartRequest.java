package dev.sandbridge.provider.local;

import dev.sandbridge.pty.TerminalSize;
import dev.sandbridge.workspace.FileNames;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the resident is asked to start. Texts may hold bytes that are not UTF-8 as {@link FileNames} writes them; none
 * holds a NUL, which its makers see to. Never logged.
 *
 * @param mode a program, or a file verb that the resident carries itself
 * @param user null for the sandbox's default user
 * @param stdin whether an input pipe is wanted; not with a terminal, which is all three standard streams
 * @param extra whether a second input pipe, at descriptor 3, is wanted
 * @param terminal its size, where the program runs on one; null for pipes
 */
record StartRequest(
        Mode mode,
        @Nullable String user,
        @Nullable String directory,
        Map<String, String> environment,
        List<String> arguments,
        boolean stdin,
        boolean extra,
        @Nullable TerminalSize terminal) {
    enum Mode {
        EXEC("exec"),
        FILE("file");

        private final String word;

        Mode(String word) {
            this.word = word;
        }
    }

    static StartRequest file(boolean stdin, List<String> verbAndArguments) {
        return new StartRequest(Mode.FILE, null, null, Map.of(), verbAndArguments, stdin, stdin, null);
    }

    /** How many open files a true answer carries: input pipes, stdout and stderr or the terminal, fault pipe. */
    int files() {
        return (terminal == null ? 3 : 2) + (stdin ? 1 : 0) + (extra ? 1 : 0);
    }

    /** NUL-ended fields, each beginning with its tag. */
    byte[] payload() {
        var out = new ByteArrayOutputStream(512);
        field(out, 'm', mode.word);
        if (user != null) {
            field(out, 'u', user);
        }
        if (directory != null) {
            field(out, 'd', directory);
        }
        environment.forEach((name, value) -> field(out, 'e', name + "=" + value));
        arguments.forEach(argument -> field(out, 'a', argument));
        if (stdin) {
            field(out, 'i', "1");
        }
        if (extra) {
            field(out, 'x', "1");
        }
        if (terminal != null) {
            field(out, 't', terminal.columns() + " " + terminal.rows());
        }
        return out.toByteArray();
    }

    private static void field(ByteArrayOutputStream out, char tag, String value) {
        out.write(tag);
        out.writeBytes(FileNames.encode(value));
        out.write(0);
    }

    @Override
    public String toString() {
        return "StartRequest[" + mode + ", " + arguments.size() + " arguments]";
    }
}
