package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.SentinelShell;
import dev.sandbridge.pty.ShellStream;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link SentinelShell} on real interactive shells, of which it is told nothing but their bytes. */
class ShellTerminalTest extends TerminalSuite {
    private static final String BASH = "bash --norc --noprofile -i";
    private static final String BASH_WITHOUT_EDITING = "bash --norc --noprofile --noediting -i";
    private static final String DASH = "dash -i";

    private final List<Terminal> shells = new ArrayList<>();

    @Override
    protected TestBed open() {
        return new HostTestBed();
    }

    @AfterEach
    void close() {
        shells.forEach(Terminal::close);
        shells.forEach(Terminal::kill);
        shells.clear();
    }

    /** An interactive shell, as a provider without real terminals would show it. */
    private Terminal shell(SandboxHandle sandbox, String kind) {
        var command = new Command(List.of(kind.split(" ")), "/workspace", Map.of("PS1", "some $ "), null, false);
        var terminal = open(sandbox, command);
        shells.add(terminal);
        return terminal;
    }

    private static ShellStream bytesOf(Terminal terminal, InputStream output) {
        return new ShellStream() {
            @Override
            public OutputStream input() {
                return terminal.input();
            }

            @Override
            public InputStream output() {
                return output;
            }

            @Override
            public void resize(TerminalSize size) {
                terminal.resize(size);
            }

            @Override
            public void begun(int pid) {
                assertThat(pid).isEqualTo(terminal.pid());
            }

            @Override
            public void kill(int pid) {
                assertThat(pid).isNotEqualTo(terminal.pid());
                terminal.kill();
            }

            @Override
            public void close() {
                terminal.close();
            }
        };
    }

    private static Terminal on(Terminal terminal, Command command) {
        return on(bytesOf(terminal, terminal.output()), command);
    }

    /** The shell begins in the workspace, which these sandboxes have elsewhere. */
    private static Terminal on(ShellStream shell, Command command) {
        String directory = command.directory().replace("/workspace", ".");
        var there = new Command(command.argv(), directory, command.environment(), command.user(), false);
        return SentinelShell.start(shell, there, SentinelShell.sentinel(new SecureRandom()), Duration.ofSeconds(15));
    }

    private Terminal run(String kind, Command command) {
        return on(shell(make(), kind), command);
    }

    private static void assertEnds(Terminal terminal, String shown, int code) {
        assertThat(soon(new Viewer(terminal).all())).isEqualTo(shown);
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.ofShell(code));
    }

    @ParameterizedTest
    @ValueSource(strings = {BASH, BASH_WITHOUT_EDITING, DASH})
    void theCommandsOutputAndExitCodeAreAllThatIsSeen(String kind) {
        assertEnds(run(kind, script("echo one; echo two >&2; exit 3")), "one\r\ntwo\r\n", 3);
        assertEnds(run(kind, command("true")), "", 0);
        assertEnds(run(kind, script("printf 'no line end'; kill -9 $$")), "no line end", 137);
        assertEnds(run(kind, script("exit 255")), "", 255);
        var missing = run(kind, command("no-such-program"));
        assertThat(soon(new Viewer(missing).all())).contains("no-such-program");
        assertThat(soon(missing.exit())).isEqualTo(ExitStatus.exited(127));
    }

    @ParameterizedTest
    @ValueSource(strings = {BASH, BASH_WITHOUT_EDITING, DASH})
    void argumentsArriveExactly(String kind) throws Exception {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        var argv = new ArrayList<>(List.of("sh", "-c", "stty raw; for a; do printf '<%s>' \"$a\"; done", "sh"));
        argv.addAll(List.of(
                "", " ", "-n", "=", "\n", "\n\n\n", "x\n", "\t\t", "!!", "'\"`$(id)\\", "%s%%", "\003\004\032"));
        var text = new StringBuilder();
        while (text.length() < 50_000) {
            text.appendCodePoint(
                    switch (random.nextInt(4)) {
                        case 0 -> 1 + random.nextInt(127);
                        case 1 -> 0x80 + random.nextInt(0x700);
                        case 2 -> 0x1F600 + random.nextInt(50);
                        default -> 'a' + random.nextInt(26);
                    });
        }
        argv.add(text.toString());
        argv.add("tab\tline\n".repeat(10_000));
        argv.add("z".repeat(60_000));
        var expected = new StringBuilder();
        argv.subList(4, argv.size())
                .forEach(argument -> expected.append('<').append(argument).append('>'));
        var command = new Command(argv, "/tmp", Map.of("ODD", "a\nb 'c' ü\n"), null, false);

        assertEnds(run(kind, command), expected.toString(), 0);

        var environment =
                new Command(List.of("sh", "-c", "printf %s \"$ODD\""), "/tmp", Map.of("ODD", "a 'c' ü\t"), null, false);
        assertEnds(run(kind, environment), "a 'c' ü\t", 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {BASH, BASH_WITHOUT_EDITING, DASH})
    void outputIsExactAlsoWhenItComesByteByByte(String kind) throws Exception {
        var bytes = new byte[100_000];
        new Random(8).nextBytes(bytes);
        var sandbox = make();
        var terminal = shell(sandbox, kind);
        sandbox.files().write(path("bytes"), new ByteArrayInputStream(bytes), bytes.length, null);
        var slow = new InputStream() {
            @Override
            public int read() throws IOException {
                return terminal.output().read();
            }

            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                return terminal.output().read(into, offset, Math.min(length, 1));
            }
        };

        var running = on(bytesOf(terminal, slow), script("stty raw; cat bytes"));

        assertThat(soon(async(() -> running.output().readAllBytes()))).isEqualTo(bytes);
        assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {BASH, BASH_WITHOUT_EDITING, DASH})
    void whatIsTypedReachesTheCommand(String kind) throws Exception {
        var terminal = run(kind, script("read line; echo \"<$line>\"; cat; stty size; tty; exit 4"));
        var viewer = new Viewer(terminal);
        terminal.resize(new TerminalSize(91, 17));
        type(terminal, "typed\n");
        viewer.await("<typed>");
        type(terminal, "more\n\004");

        assertThat(soon(viewer.all())).startsWith("typed\r\n<typed>\r\nmore\r\nmore\r\n17 91\r\n/dev/pts/");
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.exited(4));
    }

    @ParameterizedTest
    @ValueSource(strings = {BASH, BASH_WITHOUT_EDITING, DASH})
    void controlCEndsTheCommandAndNotItsReport(String kind) throws Exception {
        var terminal = run(kind, script("trap 'exit 9' INT; echo ready; while :; do sleep 0.02; done"));
        var viewer = new Viewer(terminal);
        viewer.await("ready");
        type(terminal, "\003");
        assertThat(soon(viewer.all())).isEqualTo("ready\r\n^C");
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.exited(9));

        var plain = run(kind, script("echo ready; exec sleep 300"));
        var plainViewer = new Viewer(plain);
        plainViewer.await("ready");
        type(plain, "\003");
        soon(plainViewer.all());
        assertThat(soon(plain.exit())).isEqualTo(ExitStatus.killed(2));
    }

    @ParameterizedTest
    @ValueSource(strings = {BASH, BASH_WITHOUT_EDITING, DASH})
    void aCommandThatLeavesTheTerminalInDisorderIsReportedAllTheSame(String kind) {
        assertEnds(run(kind, script("stty raw -echo; printf done; exit 6")), "done", 6);
        assertThatCode(run(kind, command("bash", "-ic", "sleep 0.05; kill -9 $$")), 137);
    }

    /** A shell that somebody has used before. */
    @ParameterizedTest
    @ValueSource(strings = {BASH, BASH_WITHOUT_EDITING, DASH})
    void aShellInDisorderIsPutRightFirst(String kind) throws Exception {
        var shell = shell(make(), kind);
        shell.input().write("PS1=; stty raw -echo; echo past output\n".getBytes(UTF_8));

        var terminal = on(shell, script("echo right; read line; echo $line"));
        var viewer = new Viewer(terminal);
        viewer.await("right");
        type(terminal, "x\n");

        assertThat(soon(viewer.all())).isEqualTo("right\r\nx\r\nx\r\n");
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.exited(0));
    }

    private static void assertThatCode(Terminal terminal, int code) {
        soon(new Viewer(terminal).all());
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.ofShell(code));
    }

    @ParameterizedTest
    @ValueSource(strings = {BASH, DASH})
    void aShellThatDiesLeavesTheExitUnknown(String kind) {
        var terminal = run(kind, script("echo last; kill -9 $PPID"));

        assertThat(soon(new Viewer(terminal).all())).isEqualTo("last\r\n");
        assertThatThrownBy(() -> terminal.exit().get())
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(SandboxException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {BASH, DASH})
    void killAndCloseAreTold(String kind) throws Exception {
        var killed = run(kind, script("sleep 300"));
        killed.kill();
        assertThat(soon(killed.exit())).isEqualTo(ExitStatus.killed(9));

        var sandbox = make();
        var closed = on(
                shell(sandbox, kind),
                script("trap 'echo x > hup; exit' HUP; echo ready; while :; do sleep 0.02; done"));
        new Viewer(closed).await("ready");
        closed.close();
        eventually("it was told", () -> exists(sandbox, "hup"));
        assertThat(closed.exit()).isCompletedExceptionally();
    }

    @ParameterizedTest
    @ValueSource(strings = {BASH, DASH})
    void whatCannotBeStartedIsRefused(String kind) {
        var nowhere = new Command(List.of("true"), "/no/such/place", Map.of(), null, false);
        assertThat(codeOf(() -> run(kind, nowhere))).isEqualTo(ErrorCode.INVALID_REQUEST);
        var user = new Command(List.of("true"), "/tmp", Map.of(), "nobody", false);
        assertThat(codeOf(() -> run(kind, user))).isEqualTo(ErrorCode.CAPABILITY_UNAVAILABLE);
        var dead = shell(make(), kind);
        type(dead, "exit 0\n");
        soon(dead.exit());
        assertThat(codeOf(() -> on(dead, command("true")))).isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);
    }
}
