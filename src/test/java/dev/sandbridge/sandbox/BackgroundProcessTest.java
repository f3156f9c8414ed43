package dev.sandbridge.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.process.OutputSink.Channel;
import dev.sandbridge.process.Signal;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider.Point;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

/** Commands that outlive the call that starts them. */
class BackgroundProcessTest extends ServiceSuite {
    private static final Duration LONG = Duration.ofSeconds(20);

    @Test
    void aProcessGoesOnAfterTheCallAndTellsItsEnd() {
        var sandbox = ref(make());
        ProcessInfo started = start(sandbox, "echo out; echo err >&2; exit 3");
        assertThat(started.startedAt()).isEqualTo(clock.instant());
        assertThat(started.label()).isEqualTo("label");

        ProcessInfo ended = service.processes().await(ALICE, sandbox, started.id(), LONG);

        assertThat(ended.isRunning()).isFalse();
        assertThat(ended.status()).isEqualTo(ExitStatus.exited(3));
        assertThat(ended.endedAt()).isEqualTo(clock.instant());
        assertThat(all(sandbox, started.id(), Channel.STDOUT)).isEqualTo("out\n");
        assertThat(all(sandbox, started.id(), Channel.STDERR)).isEqualTo("err\n");
        assertThat(service.processes().list(ALICE, sandbox))
                .extracting(ProcessInfo::id)
                .containsExactly(started.id());
    }

    @Test
    void outputIsGivenFromAnOffsetAndWaitedFor() {
        var sandbox = ref(make());
        String id =
                start(sandbox, "printf 12345; read line; printf \"67$line\"").id();

        OutputPart first = output(sandbox, id, 0, 3);
        assertThat(new String(first.bytes(), UTF_8)).isEqualTo("123");
        assertThat(new String(output(sandbox, id, first.next(), 99).bytes(), UTF_8))
                .isEqualTo("45");
        input(sandbox, id, "89\n", false);
        assertThat(new String(output(sandbox, id, 5, 99).bytes(), UTF_8)).startsWith("6");
        assertThat(codeOf(() -> output(sandbox, id, -1, 9))).isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(codeOf(() -> output(sandbox, id, 0, 0))).isEqualTo(ErrorCode.INVALID_REQUEST);
    }

    @Test
    void aProcessThatWritesMuchNeverWaitsAndTheGapIsTold() {
        var sandbox = ref(make());
        String id = start(sandbox, "head -c 3000000 /dev/zero; printf end").id();
        service.processes().await(ALICE, sandbox, id, LONG);
        all(sandbox, id, Channel.STDOUT);

        OutputPart part = output(sandbox, id, 0, 10);

        assertThat(part.total()).isEqualTo(3_000_003);
        assertThat(part.gap()).isEqualTo(3_000_003 - (1 << 20));
        assertThat(part.offset()).isEqualTo(part.gap());
        assertThat(new String(output(sandbox, id, 3_000_000, 10).bytes(), UTF_8))
                .isEqualTo("end");
    }

    @Test
    void inputIsPassedOnAndEndedWhenAsked() {
        var sandbox = ref(make());
        String id = start(sandbox, "cat; echo done").id();

        input(sandbox, id, "one ", false);
        input(sandbox, id, "two ", true);

        assertThat(service.processes().await(ALICE, sandbox, id, LONG).status()).isEqualTo(ExitStatus.exited(0));
        assertThat(all(sandbox, id, Channel.STDOUT)).isEqualTo("one two done\n");
        assertThat(codeOf(() -> input(sandbox, id, "three", false))).isEqualTo(ErrorCode.CONFLICT);
    }

    @Test
    void inputThatBreaksOffIsNoEndOfInput() {
        var sandbox = ref(make());
        String id = start(sandbox, "cat").id();
        var failure = new IOException("the caller went away");
        var broken = new SequenceInputStream(bytes("half"), new InputStream() {
            @Override
            public int read() throws IOException {
                throw failure;
            }
        });

        try {
            service.processes().write(ALICE, sandbox, id, broken, true);
            throw new AssertionError("no failure");
        } catch (IOException told) {
            assertThat(told).isSameAs(failure);
        }

        assertThat(service.processes()
                        .await(ALICE, sandbox, id, Duration.ofMillis(50))
                        .isRunning())
                .isTrue();
        input(sandbox, id, " whole", true);
        service.processes().await(ALICE, sandbox, id, LONG);
        assertThat(all(sandbox, id, Channel.STDOUT)).isEqualTo("half whole");
    }

    @Test
    void signalsReachTheProcessAndKillEndsAllOfIt() {
        var sandbox = ref(make());
        String polite = start(sandbox, "trap 'exit 9' TERM; while :; do sleep 0.02; done")
                .id();
        String stubborn = start(sandbox, "trap '' TERM; echo up; setsid sleep 300 & sleep 300")
                .id();
        output(sandbox, stubborn, 0, 3);

        service.processes().signal(ALICE, sandbox, stubborn, Signal.TERM);
        service.processes().signal(ALICE, sandbox, stubborn, Signal.KILL);

        assertThat(service.processes().await(ALICE, sandbox, stubborn, LONG).status())
                .isEqualTo(ExitStatus.killed(9));
        while (service.processes().get(ALICE, sandbox, polite).isRunning()) {
            service.processes().signal(ALICE, sandbox, polite, Signal.TERM);
            service.processes().await(ALICE, sandbox, polite, Duration.ofMillis(100));
        }
        assertThat(service.processes().get(ALICE, sandbox, polite).status())
                .isIn(ExitStatus.exited(9), ExitStatus.killed(15));
    }

    @Test
    void aWaitEndsInTime() {
        var sandbox = ref(make());
        String id = start(sandbox, "sleep 300").id();

        assertThat(service.processes()
                        .await(ALICE, sandbox, id, Duration.ofMillis(30))
                        .isRunning())
                .isTrue();
        assertThat(service.processes()
                        .output(ALICE, sandbox, id, Channel.STDOUT, 0, 9, Duration.ofMillis(30))
                        .ended())
                .isFalse();
    }

    @Test
    void aProcessWhoseTimeIsOverEndsWithAllItStartedAndTellsIt() {
        var sandbox = ref(make());
        String stubborn = "trap '' TERM; echo mine >&2; setsid sh -c 'while :; do echo x >> beat; sleep 0.01; done' &";
        String id = start(sandbox, stubborn + " while :; do sleep 0.05; done", Duration.ofSeconds(1))
                .id();

        ProcessInfo ended = service.processes().await(ALICE, sandbox, id, LONG);

        assertThat(ended.status()).isEqualTo(ExitStatus.exited(ExitStatus.TIMED_OUT));
        assertThat(ended.timedOut()).isTrue();
        assertThat(ended.failure()).isNull();
        assertThat(ended.stderrBytes()).as("the note is there").isEqualTo(36);
        assertThat(all(sandbox, id, Channel.STDERR)).isEqualTo("mine\nCommand timed out after 1000ms\n");
        assertThat(isStill(sandbox)).isTrue();
    }

    @Test
    void theNoteOfAProcessWhoseTimeIsOverIsToldAlsoWhereItHasClosedItsStderr() {
        var sandbox = ref(make());
        String id =
                start(sandbox, "exec 2>&-; sleep 300", Duration.ofMillis(200)).id();

        assertThat(all(sandbox, id, Channel.STDERR)).isEqualTo("Command timed out after 200ms\n");
    }

    @Test
    void aProcessThatEndsInTimeTellsItsOwnEnd() {
        var sandbox = ref(make());
        String id = start(sandbox, "echo mine >&2; exit 124", LONG).id();

        ProcessInfo ended = service.processes().await(ALICE, sandbox, id, LONG);

        assertThat(ended.status()).isEqualTo(ExitStatus.exited(124));
        assertThat(ended.timedOut()).isFalse();
        assertThat(all(sandbox, id, Channel.STDERR)).isEqualTo("mine\n");
    }

    @Test
    void aProcessHasTheTimeLimitThatItsCallNamesAndNoOther() {
        var limits = new CreateSandbox.TimeoutWishes(Duration.ofMillis(50), null, null, null, null, null);
        var sandbox = ref(make(wish().timeouts(limits)));

        String id = start(sandbox, "sleep 300").id();

        assertThat(service.processes()
                        .await(ALICE, sandbox, id, Duration.ofMillis(400))
                        .isRunning())
                .isTrue();
        for (var time : List.of(Duration.ZERO, Duration.ofDays(8))) {
            assertThat(codeOf(() -> start(sandbox, "true", time))).isEqualTo(ErrorCode.LIMIT_OUT_OF_RANGE);
        }
    }

    @Test
    void forgettingAProcessEndsIt() {
        var sandbox = ref(make());
        String id = start(sandbox, "trap '' TERM; while :; do echo x >> beat; sleep 0.01; done")
                .id();

        service.processes().forget(ALICE, sandbox, id);

        assertThat(codeOf(() -> service.processes().get(ALICE, sandbox, id))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
        assertThat(codeOf(() -> service.processes().forget(ALICE, sandbox, id))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
        assertThat(isStill(sandbox)).isTrue();
    }

    @Test
    void aProcessIsKnownInItsSandboxOnly() {
        var one = ref(make());
        var two = ref(make());
        String id = start(one, "sleep 300").id();

        assertThat(codeOf(() -> service.processes().get(ALICE, two, id))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
        assertThat(service.processes().list(ALICE, two)).isEmpty();
    }

    @Test
    void processesAreForgottenWhenTheServiceStartsAnew() {
        var sandbox = ref(make());
        String old = start(sandbox, "sleep 300").id();

        clock.advance(Duration.ofMillis(1));
        restart();

        assertThat(service.processes().list(ALICE, sandbox)).isEmpty();
        assertThat(start(sandbox, "sleep 300").id()).isNotEqualTo(old);
    }

    @Test
    void aSandboxRunsAtMostSoManyProcessesAlsoWhenTheyStartAtOnce() throws Exception {
        var sandbox = ref(make());
        var starts = new ArrayList<CompletableFuture<ProcessInfo>>();
        for (int i = 0; i < ProcessTable.MAX_RUNNING + 5; i++) {
            starts.add(async(() -> start(sandbox, "sleep 300")));
        }
        int refused = 0;
        for (var start : starts) {
            try {
                soon(start);
            } catch (ExecutionException full) {
                assertThat(full.getCause())
                        .isInstanceOfSatisfying(SandboxException.class, cause -> assertThat(cause.code())
                                .isEqualTo(ErrorCode.CAPACITY_EXCEEDED));
                refused++;
            }
        }

        assertThat(refused).isEqualTo(5);
        String one = service.processes().list(ALICE, sandbox).getFirst().id();
        service.processes().forget(ALICE, sandbox, one);
        start(sandbox, "sleep 300");
    }

    @Test
    void endedProcessesAreRememberedUntilThereAreTooMany() {
        var sandbox = ref(make());
        String running = start(sandbox, "sleep 300").id();
        var ended = new ArrayList<String>();
        for (int i = 0; i < ProcessTable.MAX_KNOWN + 2; i++) {
            clock.advance(Duration.ofMillis(1));
            String id = start(sandbox, "true").id();
            service.processes().await(ALICE, sandbox, id, LONG);
            ended.add(id);
        }

        List<String> known = service.processes().list(ALICE, sandbox).stream()
                .map(ProcessInfo::id)
                .toList();

        assertThat(known)
                .hasSize(ProcessTable.MAX_KNOWN)
                .contains(running)
                .doesNotContainAnyElementsOf(ended.subList(0, 3));
    }

    @Test
    void aStartThatFailsTakesNoPlace() {
        var sandbox = ref(make());
        for (int i = 0; i < ProcessTable.MAX_RUNNING + 1; i++) {
            provider.next(Point.START, Fault.before(new SandboxException(ErrorCode.EXEC_ERROR, "no")));
            assertThat(codeOf(() -> start(sandbox, "true"))).isEqualTo(ErrorCode.EXEC_ERROR);
        }

        assertThat(service.processes().list(ALICE, sandbox)).isEmpty();
        start(sandbox, "true");
    }

    @Test
    void aStartThatHangsHoldsUpNoOtherSandbox() throws Exception {
        var one = ref(make());
        var two = ref(make());
        var came = new CountDownLatch(1);
        var sign = new CountDownLatch(1);
        provider.next(Point.START, Fault.late(came, sign));
        var slow = async(() -> start(one, "true"));
        came.await();

        assertThat(service.processes()
                        .await(ALICE, two, start(two, "exit 4").id(), LONG)
                        .status())
                .isEqualTo(ExitStatus.exited(4));

        sign.countDown();
        soon(slow);
    }

    @Test
    void aProcessOfASessionBeginsWhereTheSessionStandsAndLeavesNoMark() {
        var sandbox = ref(make());
        sh(sandbox, "mkdir src");
        service.openShellSession(ALICE, sandbox, "s", "src", Map.of("A", "1"));

        ProcessInfo process = service.processes()
                .start(ALICE, sandbox, call(List.of("sh", "-c", "echo $A; touch here; exit 6"), null, "s"), null);

        assertThat(service.processes().await(ALICE, sandbox, process.id(), LONG).status())
                .isEqualTo(ExitStatus.exited(6));
        assertThat(all(sandbox, process.id(), Channel.STDOUT)).isEqualTo("1\n");
        assertThat(sh(sandbox, "ls src")).isEqualTo("here\n");
        service.closeShellSession(ALICE, sandbox, "s");
    }

    private ProcessInfo start(SandboxRef sandbox, String text) {
        return service.processes().start(ALICE, sandbox, script(text), "label");
    }

    private ProcessInfo start(SandboxRef sandbox, String text, Duration timeout) {
        return service.processes().start(ALICE, sandbox, call(List.of("sh", "-c", text), timeout, null), "label");
    }

    /** Whether nobody writes to the file {@code beat}. */
    private boolean isStill(SandboxRef sandbox) {
        String look = "a=$(wc -c < beat 2>&1); sleep 0.2; b=$(wc -c < beat 2>&1); [ \"$a\" = \"$b\" ]; echo $?";
        return sh(sandbox, look).equals("0\n");
    }

    private OutputPart output(SandboxRef sandbox, String id, long offset, int max) {
        return service.processes().output(ALICE, sandbox, id, Channel.STDOUT, offset, max, LONG);
    }

    private String all(SandboxRef sandbox, String id, Channel channel) {
        var bytes = new ByteArrayOutputStream();
        long offset = 0;
        for (boolean ended = false; !ended; ) {
            OutputPart part = service.processes().output(ALICE, sandbox, id, channel, offset, 1 << 16, LONG);
            bytes.writeBytes(part.bytes());
            offset = part.next();
            ended = part.ended();
        }
        return bytes.toString(UTF_8);
    }

    private void input(SandboxRef sandbox, String id, String text, boolean end) {
        try {
            service.processes().write(ALICE, sandbox, id, bytes(text), end);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
