package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.TerminalSize;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** {@link SandboxTerminals} while their commands run: what is typed and shown, and the size. */
public abstract class TerminalContract extends TerminalSuite {
    private static final String READY = "stty raw -echo; echo ready; ";

    @Test
    void aCommandLeadsASessionOnATerminalOfItsOwn() {
        String shown = shown(make(), """
                test -t 0 && test -t 1 && test -t 2 && tty
                echo "TERM $TERM"
                stty size
                cut -d ' ' -f 1,5,6,8 /proc/$$/stat
                echo "pid $$"
                echo direct > /dev/tty
                """);

        assertThat(shown).contains("/dev/pts/", "TERM xterm-256color\r\n", "24 80\r\n", "direct\r\n");
        String pid = shown.replaceAll("(?s).*pid (\\d+).*", "$1");
        assertThat(shown)
                .as("its own group, session and foreground group")
                .contains((pid + " ").repeat(3) + pid + "\r");
    }

    @Test
    void aTerminalTypeThatTheCommandNamesWins() throws Exception {
        var command = new Command(List.of("sh", "-c", "echo $TERM"), "/workspace", Map.of("TERM", "dumb"), null, false);

        assertThat(soon(new Viewer(open(make(), command)).all())).isEqualTo("dumb\r\n");
    }

    @Test
    void theSizeIsSetBeforeTheCommandStartsAndItsProgramsAreToldOfChanges() throws Exception {
        var terminal = open(
                make(),
                script("trap 'stty size' WINCH; stty size; echo ready; while :; do sleep 0.02; done"),
                new TerminalSize(132, 43));
        var viewer = new Viewer(terminal);
        viewer.await("43 132\r\nready");

        terminal.resize(new TerminalSize(1, 1));
        viewer.await("1 1\r\n");
        terminal.resize(new TerminalSize(65535, 40000));
        viewer.await("40000 65535\r\n");
    }

    @Test
    void outputIsExactlyAsWritten() throws Exception {
        assumeTrue(bed().offers().contains(TestBed.Offer.ANY_TERMINAL_BYTES), "terminals show text");
        var bytes = new byte[5 << 20];
        new Random(5).nextBytes(bytes);
        var sandbox = make();
        sandbox.files().write(path("bytes"), new ByteArrayInputStream(bytes), bytes.length, null);

        var terminal = open(sandbox, "stty raw; cat bytes; exit 3");

        assertThat(soon(async(() -> terminal.output().readAllBytes()))).isEqualTo(bytes);
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.exited(3));
    }

    @Test
    void inputArrivesExactlyAsTyped() throws Exception {
        assumeTrue(bed().offers().contains(TestBed.Offer.ANY_TERMINAL_BYTES), "terminals take text");
        var bytes = new byte[1 << 20];
        new Random(6).nextBytes(bytes);
        var sandbox = make();
        var terminal = open(sandbox, READY + "head -c " + bytes.length + " > typed; sleep 0.1; echo got");
        var viewer = new Viewer(terminal);
        viewer.await("ready");

        async(() -> {
            terminal.input().write(bytes);
            return true;
        });

        viewer.await("got");
        try (var file = sandbox.files().read(path("typed"), 0, -1)) {
            assertThat(file.content().readAllBytes()).isEqualTo(bytes);
        }
    }

    @Test
    void aReaderThatDoesNotReadSlowsTheCommand() throws Exception {
        assumeTrue(bed().offers().contains(TestBed.Offer.TERMINALS_WAIT), "what is not read is dropped");
        var sandbox = make();
        var terminal = open(sandbox, "stty raw; while :; do head -c 4096 /dev/zero; echo x >> beat; done");
        eventually("it writes", () -> exists(sandbox, "beat"));

        long stalled = settled(() -> size(sandbox, "beat"));
        assertThat(stalled).isLessThan(2 * 64);
        soon(async(() -> readExactly(terminal.output(), 1 << 20)));

        eventually("it goes on", () -> size(sandbox, "beat") > stalled + 200);
    }

    @Test
    void aWriterThatIsNotReadWaitsAndCanBeInterrupted() throws Exception {
        var terminal = open(make(), READY + "sleep 300");
        new Viewer(terminal).await("ready");
        var writing = new CountDownLatch(1);
        var failure = new java.util.concurrent.CompletableFuture<Throwable>();

        var writer = Thread.ofVirtual().start(() -> {
            writing.countDown();
            try {
                terminal.input().write(new byte[1 << 20]);
                failure.complete(null);
            } catch (Throwable interrupted) {
                failure.complete(interrupted);
            }
        });
        writing.await();
        eventually("it waits", () -> writer.getState() == Thread.State.WAITING);
        writer.interrupt();

        assertThat(soon(failure)).isInstanceOf(IOException.class);
    }

    @Test
    void controlCInterruptsTheForegroundProgram() throws Exception {
        var plain = open(make(), "echo ready; exec sleep 300");
        new Viewer(plain).await("ready");
        type(plain, "\003");
        assertThat(soon(plain.exit())).isEqualTo(ExitStatus.killed(2));

        var handling = open(make(), "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.02; done");
        var viewer = new Viewer(handling);
        viewer.await("ready");
        type(handling, "\003");
        assertThat(soon(viewer.all())).endsWith("^Ccaught\r\n");
        assertThat(soon(handling.exit())).isEqualTo(ExitStatus.exited(7));
    }

    @Test
    void controlDEndsTheInputOfAProgramAndTheTerminalGoesOn() throws Exception {
        var terminal = open(make(), "cat; echo \"cat $?\"; read line; echo \"<$line>\"");
        var viewer = new Viewer(terminal);

        type(terminal, "typed\n");
        viewer.await("typed\r\ntyped\r\n");
        type(terminal, "\004");
        viewer.await("cat 0");
        type(terminal, "more\n");

        assertThat(soon(viewer.all())).endsWith("<more>\r\n");
    }

    @Test
    void aShellControlsItsJobs() throws Exception {
        var shell = new Command(
                List.of("bash", "--norc", "--noprofile", "--noediting", "-i"),
                "/workspace",
                Map.of("PS1", "$ "),
                null,
                false);
        var terminal = open(make(), shell);
        var viewer = new Viewer(terminal);
        viewer.await("$ ");
        assertThat(viewer.text()).doesNotContain("no job control");

        type(terminal, "cat\none\n");
        viewer.await("one\r\none\r\n");
        type(terminal, "\032");
        viewer.await("Stopped");
        type(terminal, "sleep 300 & jobs\n");
        viewer.await("Running");
        type(terminal, "fg %1\n");
        viewer.await("fg %1\r\ncat\r\n");
        type(terminal, "two\n");
        viewer.await("two\r\ntwo\r\n");
        type(terminal, "\003");
        // Before its prompt the shell has the terminal not back, and what is typed is thrown away with the interrupt.
        viewer.await("^C\r\n$ ");
        type(terminal, "echo after-$?\n");
        viewer.await("after-130");
        type(terminal, "exit 9\n");

        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.exited(9));
    }

    @Test
    void aLongCommandWithAnyCharactersArrivesThroughItsArguments() throws Exception {
        var text = new StringBuilder();
        while (text.length() < 100_000) {
            text.append("tab\tline\nquote'\"`$(x)\\ \u001b[1m ü 😀 ").append(text.length());
        }
        String half = text.toString();
        var command = command("sh", "-c", "stty raw; printf %s \"$1$2\" | sha256sum", "sh", half, half);
        var digest = java.security.MessageDigest.getInstance("SHA-256").digest((half + half).getBytes(UTF_8));

        assertThat(soon(new Viewer(open(make(), command)).all()))
                .startsWith(java.util.HexFormat.of().formatHex(digest));
    }

    @Test
    void anIdleTerminalSaysAtOnceWhatIsTyped() throws Exception {
        var terminal = open(make(), "stty raw -echo; echo ready; cat");
        readExactly(terminal.output(), 6);

        for (int i = 0; i < 50; i++) {
            type(terminal, "k");
            eventually("it is readable", () -> terminal.output().available() == 1);
            assertThat(terminal.output().read()).isEqualTo('k');
            assertThat(terminal.output().available()).isZero();
        }
    }

    @Test
    void aHundredAtOnceAreIndependent() throws Exception {
        var sandbox = make();
        var numbers = new java.util.concurrent.atomic.AtomicInteger();

        List<String> shown = atOnce(100, () -> {
            int number = numbers.incrementAndGet();
            var size = new TerminalSize(100 + number, 20 + number);
            var terminal =
                    open(sandbox, script("stty -echo; stty size; read line; echo \"<$line>\"; exit " + number), size);
            upTo(terminal.output(), (20 + number) + " " + (100 + number) + "\r\n");
            type(terminal, "own-" + number + "\n");
            assertThat(new String(terminal.output().readAllBytes(), UTF_8)).isEqualTo("<own-" + number + ">\r\n");
            return number + " " + soon(terminal.exit()).code();
        });

        assertThat(shown).allSatisfy(line -> assertThat(line.split(" ")[0]).isEqualTo(line.split(" ")[1]));
        assertThat(shown).doesNotHaveDuplicates();
    }

    @Test
    void aProgramThatDoesNotExistIsAnExitStatusAndAWordOnTheTerminal() {
        var terminal = open(make(), command("no-such-program"));

        String shown = soon(new Viewer(terminal).all());
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.exited(127));
        assertThat(shown).contains("no-such-program").endsWith("\r\n");
    }

    @Test
    void aDirectoryThatDoesNotExistIsRefusedAndNothingIsLeft() {
        var sandbox = make();
        var command = new Command(List.of("sleep", "300"), "/workspace/none", Map.of(), null, false);

        assertThat(codeOf(() -> open(sandbox, command))).isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(shown(sandbox, "echo works")).isEqualTo("works\r\n");
    }

    @Test
    void interruptingAThreadThatReadsEndsItsWait() throws Exception {
        var terminal = open(make(), command("sleep", "300"));
        var reading = new CountDownLatch(1);
        var failure = new java.util.concurrent.CompletableFuture<Throwable>();
        var reader = Thread.ofVirtual().start(() -> {
            reading.countDown();
            assertThatThrownBy(() -> terminal.output().read()).isInstanceOf(IOException.class);
            failure.complete(new IOException());
        });
        reading.await();

        reader.interrupt();

        soon(failure);
        type(terminal, "\003");
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.killed(2));
    }

    static long size(SandboxHandle sandbox, String file) {
        return sandbox.files().stat(path(file), true).size();
    }

    /** Bytes of a stream up to and including a text. */
    static byte[] upTo(java.io.InputStream in, String text) throws IOException {
        var bytes = new ByteArrayOutputStream();
        byte[] end = text.getBytes(UTF_8);
        while (true) {
            int b = in.read();
            assertThat(b).as(bytes.toString(UTF_8)).isNotNegative();
            bytes.write(b);
            byte[] all = bytes.toByteArray();
            if (all.length >= end.length
                    && Arrays.equals(all, all.length - end.length, all.length, end, 0, end.length)) {
                return all;
            }
        }
    }
}
