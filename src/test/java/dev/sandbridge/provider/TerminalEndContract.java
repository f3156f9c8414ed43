package dev.sandbridge.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** How commands on {@link SandboxTerminals} end, and what is left of them. */
public abstract class TerminalEndContract extends TerminalSuite {
    private static final int MANY = 200;
    private static final String BEAT = "while :; do echo x >> beat; sleep 0.02; done";

    @Test
    void exitTellsTheExitCode() {
        var sandbox = make();
        for (int code : new int[] {0, 1, 42, 127, 255}) {
            var terminal = open(sandbox, "exit " + code);
            assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.exited(code));
        }
    }

    @Test
    void exitTellsTheSignal() {
        var sandbox = make();
        for (int number : new int[] {1, 6, 9, 11, 15}) {
            var terminal = open(sandbox, "ulimit -c 0; kill -" + number + " $$");
            assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.killed(number));
        }
    }

    @Test
    void outputWrittenBeforeTheEndIsThereAfterIt() throws Exception {
        var terminal = open(make(), "seq 1 2000");
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.exited(0));

        String all = soon(new Viewer(terminal).all());
        assertThat(all).hasSize(8893 + 2000).endsWith("2000\r\n");
    }

    @Test
    void outputEndsWithTheCommandAlsoWhenAChildKeepsTheTerminal() throws Exception {
        var sandbox = make();
        String held = "until [ -e held ]; do sleep 0.01; done; rm held";
        for (String child :
                new String[] {"setsid sh -c 'echo > held; sleep 300'", "trap '' HUP; echo > held; sleep 300"}) {
            var terminal = open(sandbox, "(" + child + ") & " + held + "; seq 1 2000; exit 4");

            assertThat(soon(new Viewer(terminal).all())).as(child).endsWith("2000\r\n");
            assertThat(soon(terminal.exit())).as(child).isEqualTo(ExitStatus.exited(4));
            terminal.kill();

            var waiting = open(sandbox, "(" + child + ") & " + held + "; exit 4");
            assertThat(soon(waiting.exit())).as(child).isEqualTo(ExitStatus.exited(4));
            assertThat(catchThrowable(() -> waiting.input().write(new byte[1 << 20])))
                    .as(child)
                    .isInstanceOf(IOException.class);
            waiting.kill();
        }
    }

    @Test
    void childrenThatIgnoreTheHangUpOutliveTheCommand() throws Exception {
        var sandbox = make();
        var terminal = open(
                sandbox,
                "(trap '' HUP; " + BEAT
                        + ") < /dev/null > /dev/null 2>&1 & until [ -e beat ]; do sleep 0.01; done; echo begun");
        assertThat(soon(new Viewer(terminal).all())).isEqualTo("begun\r\n");
        terminal.close();

        long now = beats(sandbox);
        eventually("it lives", () -> beats(sandbox) > now + 4);
        terminal.kill();
        assertThat(settled(() -> beats(sandbox))).isEqualTo(beats(sandbox));
    }

    @Test
    void closingHangsUp() throws Exception {
        var sandbox = make();
        var plain = open(sandbox, "echo ready; exec sleep 300");
        new Viewer(plain).await("ready");
        plain.close();
        assertThat(soon(plain.exit())).isEqualTo(ExitStatus.killed(1));

        var handling = open(sandbox, "trap 'echo hup > hup; exit 5' HUP; echo ready; while :; do sleep 0.02; done");
        new Viewer(handling).await("ready");
        handling.close();
        assertThat(soon(handling.exit())).isEqualTo(ExitStatus.exited(5));
        assertThat(read(sandbox, "hup")).isEqualTo("hup\n");
    }

    @Test
    void closingReachesTheForegroundJobOfAShell() throws Exception {
        var sandbox = make();
        write(sandbox, "job.sh", "trap 'echo hup > hup; exit' HUP; echo job-runs; while :; do sleep 0.02; done\n");
        var shell = new Command(List.of("bash", "--norc", "--noprofile", "-i"), "/workspace", Map.of(), null, false);
        var terminal = open(sandbox, shell);
        var viewer = new Viewer(terminal);
        type(terminal, "sh job.sh\n");
        viewer.await("job-runs");

        terminal.close();

        eventually("the job was told", () -> exists(sandbox, "hup"));
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.killed(1));
    }

    @Test
    void closingEndsWaitingReadsAndWritesOfOtherThreads() throws Exception {
        var terminal = open(make(), "stty raw -echo; echo ready; sleep 300");
        readExactly(terminal.output(), 6);
        var read = async(() -> catchThrowable(() -> terminal.output().read()));
        var write = async(() -> catchThrowable(() -> terminal.input().write(new byte[4 << 20])));

        terminal.close();
        terminal.close();

        assertThat(soon(read)).isInstanceOf(IOException.class);
        assertThat(soon(write)).isInstanceOf(IOException.class);
        assertThat(catchThrowable(() -> terminal.input().write(1))).isInstanceOf(IOException.class);
        terminal.resize(TerminalSize.DEFAULT);
    }

    @Test
    void aWriterIsToldWhenTheCommandEnds() throws Exception {
        var sandbox = make();
        var terminal = open(sandbox, "stty raw -echo; echo ready; until [ -e go ]; do sleep 0.02; done");
        new Viewer(terminal).await("ready");
        var write = async(() -> catchThrowable(() -> terminal.input().write(new byte[4 << 20])));

        write(sandbox, "go", "");

        assertThat(soon(write)).isInstanceOf(IOException.class);
        terminal.resize(new TerminalSize(10, 10));
        assertThat(soon(terminal.exit())).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    void killEndsWhatDescendsFromTheCommandAndReturnsWhenItIsGone() throws Exception {
        var sandbox = make();
        write(sandbox, "beat.sh", "trap '' TERM HUP INT\n" + BEAT + "\n");
        write(sandbox, "escape.sh", """
                trap '' TERM HUP INT
                (setsid sh beat.sh < /dev/null > /dev/null 2>&1 &)
                (setsid env -i /bin/sh -c '(/bin/sh beat.sh &) &' < /dev/null > /dev/null 2>&1 &)
                (sh beat.sh &)
                while :; do sleep 300; done
                """);
        var other = open(sandbox, command("sleep", "300"));
        var terminal = open(sandbox, "sh escape.sh");
        eventually("the children beat", () -> exists(sandbox, "beat") && beats(sandbox) > 20);

        terminal.kill();

        long atReturn = beats(sandbox);
        assertThat(settled(() -> beats(sandbox))).isEqualTo(atReturn);
        assertThat(terminal.exit()).isDone();
        assertThat(terminal.exit().join()).isEqualTo(ExitStatus.killed(9));
        assertThat(soon(new Viewer(terminal).all())).isEmpty();
        assertThat(other.exit()).isNotDone();
        terminal.kill();
    }

    @Test
    void killEndsChildrenOfACommandThatWasHungUp() throws Exception {
        var sandbox = make();
        var terminal = open(sandbox, "setsid sh -c '" + BEAT + "' & echo ready; sleep 300");
        new Viewer(terminal).await("ready");
        eventually("the child beats", () -> exists(sandbox, "beat"));
        terminal.close();
        soon(terminal.exit());

        terminal.kill();

        long atReturn = beats(sandbox);
        assertThat(settled(() -> beats(sandbox))).isEqualTo(atReturn);
    }

    @Test
    void aSandboxThatIsDeletedTakesItsTerminalsAlong() throws Exception {
        var sandbox = make();
        var terminal = open(sandbox, "trap '' HUP TERM; echo ready; while :; do sleep 0.02; done");
        var viewer = new Viewer(terminal);
        viewer.await("ready");

        provider().delete(sandbox.spec().name());

        assertThat(soon(viewer.all())).startsWith("ready");
        assertThat(catchThrowable(() -> terminal.exit().get()))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(SandboxException.class);
        terminal.kill();
        terminal.resize(TerminalSize.DEFAULT);
    }

    @Test
    void manyOpenedAndClosedLeaveNothing() throws Exception {
        var sandbox = make();
        openAndClose(sandbox, 20);
        long descriptors = settled(TerminalEndContract::descriptors);
        long threads = settled(TerminalEndContract::threads);

        openAndClose(sandbox, MANY);

        // Connections that a client keeps for the next call may be some more than before.
        eventually("descriptors are closed", () -> descriptors() <= descriptors + MANY / 10);
        eventually("threads are gone", () -> threads() <= threads);
        String left = "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; done 2>/dev/null | grep -c 'leak[-]test'";
        eventually("processes are gone", () -> run(sandbox, script(left)).text().equals("0\n"));
    }

    private void openAndClose(SandboxHandle sandbox, int times) throws Exception {
        for (int i = 0; i < times; i += 10) {
            atOnce(10, () -> {
                Terminal terminal = open(sandbox, script("echo ready; sleep 300 # leak-test"));
                readExactly(terminal.output(), 5);
                terminal.close();
                return soon(terminal.exit());
            });
        }
    }

    private static long descriptors() {
        return new java.io.File("/proc/self/fd").list().length;
    }

    /** Without those that the JDK keeps for a minute: for processes, its HTTP client, and to run virtual threads. */
    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !thread.getName().matches("(process reaper|HttpClient-.*-Worker-|ForkJoinPool).*"))
                .count();
    }

    private static long beats(SandboxHandle sandbox) {
        return TerminalContract.size(sandbox, "beat");
    }
}
