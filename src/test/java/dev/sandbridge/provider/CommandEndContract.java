package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.process.Exec;
import dev.sandbridge.process.ExecLimits;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How commands end: {@link RunningCommand#exit}, {@link RunningCommand#signal} and {@link RunningCommand#kill}. */
public abstract class CommandEndContract extends ContractSuite {
    private static final String BEAT = "while :; do echo x >> beat; sleep 0.02; done";

    @Test
    void exitTellsTheExitCode() {
        var sandbox = make();
        for (int code : new int[] {0, 1, 2, 42, 127, 255}) {
            assertThat(run(sandbox, script("exit " + code)).status()).isEqualTo(ExitStatus.exited(code));
        }
    }

    @Test
    void exitTellsTheSignal() {
        var sandbox = make();
        for (int number : new int[] {1, 6, 9, 10, 11, 15}) {
            assertThat(run(sandbox, script("ulimit -c 0; kill -" + number + " $$"))
                            .status())
                    .isEqualTo(ExitStatus.killed(number));
        }
    }

    @Test
    void signalReachesTheCommandsProcessGroup() throws Exception {
        var running = start(make(), script("sleep 300 & sleep 300 & echo begun; wait"));
        readExactly(running.stdout(), 6);

        running.signal(Signal.TERM);

        assertThat(soon(running.exit())).isEqualTo(ExitStatus.killed(15));
        assertThat(soon(async(() -> running.stdout().read())))
                .as("the children are gone")
                .isEqualTo(-1);
    }

    @Test
    void aSignalCanBeHandledByTheCommand() throws Exception {
        var running = start(make(), script("trap 'echo got; exit 7' USR1; echo begun; while :; do sleep 0.05; done"));
        readExactly(running.stdout(), 6);

        running.signal(Signal.parse("USR1"));

        assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(7));
    }

    @Test
    void nothingHappensWhenASignalMeetsAnEndedCommand() {
        var running = start(make(), command("true"));
        soon(running.exit());

        running.signal(Signal.TERM);
        running.signal(Signal.KILL);

        assertThat(running.exit().join()).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    void killEndsEveryProcessThatDescendsFromTheCommandAndReturnsWhenTheyAreGone() throws Exception {
        var sandbox = make();
        write(sandbox, "beat.sh", "trap '' TERM HUP INT\n" + BEAT + "\n");
        write(sandbox, "escape.sh", """
                trap '' TERM HUP INT
                (setsid sh beat.sh < /dev/null > /dev/null 2>&1 &)
                (setsid env -i /bin/sh -c '(/bin/sh beat.sh &) &' < /dev/null > /dev/null 2>&1 &)
                echo begun
                while :; do sleep 300; done
                """);
        var running = start(sandbox, command("sh", "escape.sh"));
        readExactly(running.stdout(), 6);
        eventually("the children beat", () -> exists(sandbox, "beat") && size(sandbox) > 10);

        running.kill();

        long atReturn = size(sandbox);
        assertThat(settled(() -> size(sandbox))).isEqualTo(atReturn);
        assertThat(running.exit()).isDone();
        assertThat(running.exit().join()).isEqualTo(ExitStatus.killed(9));
        running.kill();
    }

    @Test
    void killEndsThemOnAnInterruptedThreadToo() throws Exception {
        var sandbox = make();
        var running = start(sandbox, script("setsid sh -c '" + BEAT + "' > /dev/null 2>&1 & echo begun; sleep 300"));
        readExactly(running.stdout(), 6);
        eventually("the child beats", () -> exists(sandbox, "beat"));

        Thread.currentThread().interrupt();
        running.kill();

        assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
        long atReturn = size(sandbox);
        assertThat(settled(() -> size(sandbox))).isEqualTo(atReturn);
        assertThat(running.exit()).isDone();
    }

    @Test
    void killEndsWhatACommandLeftBehindWhenItEnded() throws Exception {
        var sandbox = make();
        var running = start(sandbox, script("setsid sh -c '" + BEAT + "' > /dev/null 2>&1 & exit 5"));
        assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(5));
        eventually("the child beats", () -> exists(sandbox, "beat"));

        running.kill();

        long atReturn = size(sandbox);
        assertThat(settled(() -> size(sandbox))).isEqualTo(atReturn);
        assertThat(running.exit().join()).isEqualTo(ExitStatus.exited(5));
    }

    @Test
    void killLeavesOtherCommandsAlone() throws Exception {
        var sandbox = make();
        var other = start(sandbox, command("sleep", "300"));
        var running = start(sandbox, command("sleep", "300"));

        running.kill();

        assertThat(other.exit()).isNotDone();
        other.signal(Signal.TERM);
        assertThat(soon(other.exit())).isEqualTo(ExitStatus.killed(15));
    }

    @Test
    void killEndsProcessesThatForkAllTheTime() throws Exception {
        assumeTrue(bed().offers().contains(TestBed.Offer.OUTRUNS_FORKS), "forks are not outrun");
        var sandbox = make();
        write(sandbox, "hop.sh", "trap '' TERM; echo x >> beat; setsid sh hop.sh &\n");
        var running = start(
                sandbox,
                script("i=0; while [ $i -lt 10 ]; do sh hop.sh > /dev/null 2>&1 < /dev/null & i=$((i+1)); done; wait"));
        eventually("they hop", () -> exists(sandbox, "beat") && size(sandbox) > 200);

        running.kill();

        long atReturn = size(sandbox);
        assertThat(settled(() -> size(sandbox))).isEqualTo(atReturn);
        assertThat(running.exit()).isDone();
    }

    @Test
    void aChildThatWritesOnDoesNotHoldTheCallOfASlowReader() throws Exception {
        var running = start(make(), script("seq 1 20000; timeout 60 yes & exit 3"));
        var output = new ByteArrayOutputStream();
        var pace = new CountDownLatch(1);
        var call = new Exec(running, new ExecLimits(null, Long.MAX_VALUE), (channel, bytes, offset, length) -> {
            output.write(bytes, offset, length);
            paced(pace);
        });

        assertThat(soon(async(call::run))).isEqualTo(ExitStatus.exited(3));
        assertThat(output.toString(UTF_8))
                .startsWith(
                        IntStream.rangeClosed(1, 20_000).mapToObj(i -> i + "\n").collect(Collectors.joining()));
    }

    private static void paced(CountDownLatch never) {
        try {
            never.await(5, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static long size(SandboxHandle sandbox) {
        return sandbox.files().stat(path("beat"), true).size();
    }
}
