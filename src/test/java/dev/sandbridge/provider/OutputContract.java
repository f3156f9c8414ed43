package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The output streams of {@link RunningCommand}, and letting go of them. */
public abstract class OutputContract extends ContractSuite {
    private static final String WRITING_CHILD =
            "(until [ -e go ]; do sleep 0.05; done; seq 1 100000 && seq 1 100000 >&2 && echo lived > after) &";

    @Test
    void outputIsExactlyAsWrittenAndTheStreamsAreKeptApart() throws Exception {
        var bytes = new byte[2 << 20];
        new Random(3).nextBytes(bytes);
        var sandbox = make();
        sandbox.files().write(path("bytes"), new java.io.ByteArrayInputStream(bytes), bytes.length, null);

        Ran ran = run(sandbox, script("cat bytes; head -c 100000 bytes >&2"));

        assertThat(ran.stdout()).isEqualTo(bytes);
        assertThat(ran.stderr()).isEqualTo(java.util.Arrays.copyOf(bytes, 100_000));
    }

    @Test
    void outputBeforeASilenceIsReadableAtOnce() throws Exception {
        var running = start(make(), script("echo early; sleep 300"));

        assertThat(new String(soon(async(() -> readExactly(running.stdout(), 6))), UTF_8))
                .isEqualTo("early\n");
    }

    @Test
    void availableSaysWhatIsReadableNowWithoutWaiting() throws Exception {
        var running = start(make(), script("printf 12345; sleep 300"));

        eventually("five bytes are available", () -> running.stdout().available() == 5);
        assertThat(running.stderr().available()).isZero();
        readExactly(running.stdout(), 5);
        assertThat(running.stdout().available()).isZero();
    }

    @Test
    void outputEndsWhenTheLastProcessThatHoldsItIsGone() throws Exception {
        var sandbox = make();
        var running = start(sandbox, script("(until [ -e go ]; do sleep 0.05; done; echo late) & echo early; exit 3"));
        assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(3));
        assertThat(new String(readExactly(running.stdout(), 6), UTF_8)).isEqualTo("early\n");

        write(sandbox, "go", "");

        assertThat(new String(soon(async(() -> running.stdout().readAllBytes())), UTF_8))
                .isEqualTo("late\n");
        assertThat(soon(async(() -> running.stderr().read()))).isEqualTo(-1);
    }

    @Test
    void outputOfAnEndedCommandIsStillThere() {
        var running = start(make(), script("seq 1 2000; seq 1 1000 >&2"));
        assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(0));

        assertThat(soon(async(() -> running.stdout().readAllBytes()))).hasSize(8893);
        assertThat(soon(async(() -> running.stderr().readAllBytes()))).hasSize(3893);
    }

    @Test
    void closingTheStreamFromAnotherThreadEndsAWaitingRead() throws Exception {
        var running = start(make(), command("sleep", "300"));
        for (var stream : java.util.List.of(running.stdout(), running.stderr())) {
            var reading = new java.util.concurrent.CountDownLatch(1);
            var read = async(() -> {
                reading.countDown();
                try {
                    return stream.read();
                } catch (IOException ended) {
                    return -1;
                }
            });
            reading.await();
            settled(() -> read.isDone() ? 1L : 0L);

            stream.close();

            assertThat(soon(read)).isEqualTo(-1);
        }
        assertThat(running.exit()).isNotDone();
    }

    @Test
    void interruptingAThreadThatWaitsForOutputEndsItsWait() throws Exception {
        var running = start(make(), command("sleep", "300"));
        var failure = new CompletableFuture<Throwable>();
        Thread reader = Thread.ofVirtual()
                .start(() ->
                        failure.complete(catchThrowable(() -> running.stdout().read())));
        eventually("it waits", () -> reader.getState() == Thread.State.WAITING);

        reader.interrupt();

        assertThat(soon(failure)).isInstanceOf(IOException.class);
        assertThat(running.exit()).isNotDone();
    }

    @Test
    void aReaderThatDoesNotReadSlowsTheCommand() throws Exception {
        var sandbox = make();
        var running = start(
                sandbox,
                script("i=0; while :; do head -c 65536 /dev/zero; i=$((i+1)); echo $i > .n; mv .n progress; done"));
        eventually("it begins", () -> exists(sandbox, "progress"));

        long blocked = settled(() -> progress(sandbox));
        assertThat(blocked).as("64 KiB pieces written while nobody reads").isLessThan(64);

        readExactly(running.stdout(), 20 << 20);
        eventually("it goes on", () -> progress(sandbox) >= 310);
        running.kill();
    }

    @Test
    void aReaderThatDoesNotReadOneStreamStillGetsTheOther() throws Exception {
        var running = start(make(), script("head -c 30000000 /dev/zero & seq 1 1000000 >&2; wait"));

        var last = soon(async(() -> {
            var all = running.stderr().readNBytes(6_888_896);
            return new String(all, all.length - 8, 8, UTF_8);
        }));

        assertThat(last).isEqualTo("1000000\n");
        running.kill();
    }

    @Test
    void muchOutputPassesWithFlatMemory() throws Exception {
        var running = start(make(), script("head -c 100000000 /dev/zero"));
        long before = usedMemory();
        long most = 0;
        long total = 0;
        var buffer = new byte[64 * 1024];
        for (int n = running.stdout().read(buffer); n >= 0; n = running.stdout().read(buffer)) {
            total += n;
            if (total / 10_000_000 != (total - n) / 10_000_000) {
                most = Math.max(most, usedMemory());
            }
        }

        assertThat(total).isEqualTo(100_000_000);
        assertThat(most - before).as("bytes held").isLessThan(16 << 20);
    }

    @Test
    void closeDoesNotEndTheCommand() throws Exception {
        var sandbox = make();
        var running = start(sandbox, script("until [ -e go ]; do sleep 0.05; done; echo lived > after"));

        running.close();
        write(sandbox, "go", "");

        eventually("the command goes on", () -> exists(sandbox, "after"));
        assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    void backgroundChildrenOfAnEndedCommandLiveOnAndWhatTheyStillWriteIsThrownAway() throws Exception {
        var sandbox = make();
        var running = start(sandbox, script(WRITING_CHILD));
        assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(0));

        running.close();
        write(sandbox, "go", "");

        eventually("the child goes on although it writes", () -> exists(sandbox, "after"));
    }

    @Test
    void aChildWhoseStreamsWereClosedOneByOneLivesOnToo() throws Exception {
        var sandbox = make();
        var running = start(sandbox, script(WRITING_CHILD));
        assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(0));

        running.stdout().close();
        running.stderr().close();
        write(sandbox, "go", "");

        eventually("the child goes on although it writes", () -> exists(sandbox, "after"));
    }

    @Test
    void manyCommandsLeaveNothingOpen() {
        var sandbox = make();
        for (int i = 0; i < 100; i++) {
            try (RunningCommand running = sandbox.start(command("true"))) {
                assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(0));
            }
        }
        long before = openFiles();
        for (int i = 0; i < 100; i++) {
            try (RunningCommand running = sandbox.start(piped("true"))) {
                assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(0));
            }
        }

        assertThat(openFiles()).isLessThan(before + 20);
    }

    private static long progress(SandboxHandle sandbox) {
        return Long.parseLong(read(sandbox, "progress").strip());
    }

    private static long openFiles() {
        String[] open = new java.io.File("/proc/self/fd").list();
        return open == null ? 0 : open.length;
    }
}
