package dev.sandbridge.pty;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/**
 * One command with its true exit code on a shell that tells none. The shell is asked to read the command's arguments
 * and to replace itself by a small script, which runs the command and says on the terminal how it ended, behind a
 * random sentinel. What is shown before the command starts (prompts, echo, past output) and the sentinel are taken out.
 *
 * <p>The exit code is known when {@link #output} was read up to its end; a stream that breaks off before ends {@link
 * #exit} exceptionally. A shell reports death by signal n as 128 + n, and so exit code 137 reads as KILL.
 *
 * <p>The command leads a session of its own, to which the terminal is given, where setsid(1) may do that; that takes
 * root. Elsewhere it is a process of the shell's session. The script stays until somebody types a line after the
 * command's end, so that what it said can still be asked for when the way to it broke just then.
 */
public final class SentinelShell implements Terminal {
    /** Well below the 4096 bytes that a terminal takes as one line; see termios(3). */
    private static final int LINE = 1000;

    private static final int SENTINEL = 32;

    /**
     * Typed first. Stops the echo, keeps the arguments out of the history, and reads them: lines of text as printf
     * takes it, {@code =} after each argument, an empty line after the last. Command substitution drops line ends, so
     * an x stands behind them.
     */
    private static final String LOADER =
            " unset HISTFILE; stty sane -echo 2>/dev/null; printf '%%s%%sr%%s;' %1$s %2$s $$;"
                    + " set --; t=; while IFS= read -r l && [ \"$l\" ]; do case $l in"
                    + " =) l=$(printf \"$t\"x); set -- \"$@\" \"${l%%x}\"; t=;; *) t=$t$l;; esac; done;"
                    + " exec sh -c \"$@\"\n";

    /**
     * Takes the directory, {@link #LEADER} and the command. Traps without effect, unlike ignored signals, are not
     * inherited; what the shell itself says of a killed command is no output of that.
     */
    private static final String SCRIPT = "stty echo 2>/dev/null; trap : HUP INT QUIT;"
            + " cd -- \"$1\" 2>/dev/null || { printf '%%s%%sd' %1$s %2$s; exit; }; l=$2; shift 2;"
            + " s=; setsid -c true 2>/dev/null && s='setsid -c';"
            + " exec 3>&2 2>/dev/null; (exec $s sh -c \"$l\" sh \"$@\" 2>&3 3>&-); c=$?;"
            + " printf '%%s%%se%%s;' %1$s %2$s $c; read -r l";

    /** Says that it runs and becomes the command. */
    private static final String LEADER = "printf '%%s%%sb%%s;' %1$s %2$s $$; exec \"$@\"";

    private final ShellStream shell;
    private final SentinelInputStream output;
    private volatile int pid;

    private SentinelShell(ShellStream shell, SentinelInputStream output) {
        this.shell = shell;
        this.output = output;
    }

    /** What a command's end is told by; who knows it can forge one, so the numbers must be unpredictable. */
    public static String sentinel(RandomGenerator random) {
        var sentinel = new StringBuilder();
        while (sentinel.length() < SENTINEL) {
            sentinel.append(Character.forDigit(random.nextInt(16), 16));
        }
        return sentinel.toString();
    }

    /** What the process that tells the end has among its arguments, in a form that is never shown. */
    public static String mark(String sentinel) {
        return sentinel.substring(0, SENTINEL / 2) + " " + sentinel.substring(SENTINEL / 2);
    }

    /** Where a command's output begins in what its terminal has shown; -1 where that does not hold its beginning. */
    public static int beginning(byte[] shown, String sentinel) {
        String text = new String(shown, StandardCharsets.ISO_8859_1);
        int begun = text.indexOf(sentinel + "b");
        return begun < 0 ? -1 : text.indexOf(';', begun) + 1;
    }

    /**
     * Goes on with a command that was started before, perhaps by another service. Types nothing.
     *
     * @param shown the last output of the command that was read from the shell already
     * @throws IOException the way to the shell broke off
     */
    public static SentinelShell resume(ShellStream shell, String sentinel, int pid, byte[] shown) throws IOException {
        var terminal = new SentinelShell(shell, SentinelInputStream.after(shown, shell.output(), sentinel));
        terminal.pid = pid;
        return terminal;
    }

    /** Right after {@link #resume}: how much of what was read already is output. */
    public int recalled() {
        return output.ready();
    }

    /**
     * Starts a command; the shell is closed when that fails, and otherwise with the terminal.
     *
     * @param sentinel a new one for each command, see {@link #sentinel}
     * @param patience how long the shell may take to begin
     * @throws SandboxException INVALID_REQUEST for a directory that cannot be entered, CAPABILITY_UNAVAILABLE for a
     *     user, EXEC_TRANSPORT_ERROR if the shell does not answer
     */
    public static SentinelShell start(ShellStream shell, Command command, String sentinel, Duration patience) {
        var terminal = new SentinelShell(shell, new SentinelInputStream(shell.output(), sentinel));
        var begun = new CompletableFuture<Boolean>();
        boolean started = false;
        try {
            if (command.user() != null) {
                throw new SandboxException(ErrorCode.CAPABILITY_UNAVAILABLE, "this sandbox has no other users");
            }
            Thread.ofVirtual().name("shell-start").start(() -> {
                try {
                    begun.complete(terminal.begin(command, sentinel));
                } catch (IOException | RuntimeException failed) {
                    begun.completeExceptionally(failed);
                }
            });
            if (!begun.get(patience.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new SandboxException(ErrorCode.INVALID_REQUEST, "the working directory cannot be entered")
                        .action("make the directory first");
            }
            started = true;
            return terminal;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "starting was interrupted", interrupted);
        } catch (TimeoutException | ExecutionException failed) {
            throw new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "the shell does not answer", failed);
        } finally {
            if (!started) {
                terminal.close();
            }
        }
    }

    /** Whether the command was started; if not, its directory is missing. */
    private boolean begin(Command command, String sentinel) throws IOException {
        String first = sentinel.substring(0, SENTINEL / 2);
        String second = sentinel.substring(SENTINEL / 2);
        shell.input().write(String.format(LOADER, first, second).getBytes(StandardCharsets.US_ASCII));
        require(output.skipToSentinel() == 'r');
        shell.begun(output.number());
        var arguments = new ArrayList<>(List.of(String.format(SCRIPT, first, second), "sh", command.directory()));
        arguments.add(String.format(LEADER, first, second));
        if (!command.environment().isEmpty()) {
            arguments.add("env");
            command.environment().forEach((name, value) -> arguments.add(name + "=" + value));
        }
        arguments.addAll(command.argv());
        shell.input().write(lines(arguments).getBytes(StandardCharsets.US_ASCII));
        int answer = output.skipToSentinel();
        if (answer == 'd') {
            return false;
        }
        require(answer == 'b');
        pid = output.number();
        return true;
    }

    private static void require(boolean expected) throws IOException {
        if (!expected) {
            throw new IOException("the shell does not do as it is told");
        }
    }

    private static String lines(List<String> arguments) {
        var lines = new StringBuilder();
        for (String argument : arguments) {
            var text = new StringBuilder();
            for (byte b : argument.getBytes(StandardCharsets.UTF_8)) {
                if (b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '/' || b == '_') {
                    text.append((char) b);
                } else {
                    text.append(String.format("\\%03o", b & 0xFF));
                }
            }
            for (int at = 0; at < text.length(); at += LINE) {
                lines.append(text, at, Math.min(text.length(), at + LINE)).append('\n');
            }
            lines.append("=\n");
        }
        return lines.append('\n').toString();
    }

    @Override
    public int pid() {
        return pid;
    }

    @Override
    public OutputStream input() {
        return shell.input();
    }

    @Override
    public InputStream output() {
        return output;
    }

    @Override
    public void resize(TerminalSize size) {
        shell.resize(size);
    }

    @Override
    public CompletableFuture<ExitStatus> exit() {
        return output.exit().copy();
    }

    @Override
    public void kill() {
        shell.kill(pid);
        output.exit().complete(ExitStatus.killed(9));
    }

    @Override
    public void close() {
        shell.close();
        output.lost();
    }
}
