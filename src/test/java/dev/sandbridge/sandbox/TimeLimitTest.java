package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.HostCommand;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider.Point;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every time limit is enforced, and what it ends leaves nothing half done. */
class TimeLimitTest extends ServiceSuite {
    private static final Duration SHORT = Duration.ofMillis(100);
    private static final WorkspacePath FILE = WorkspacePath.of("f");

    @Test
    void aCommandEndsAtTheLimitOfItsCall() {
        var sandbox = ref(make());

        Ran ran = run(sandbox, call(List.of("sh", "-c", "echo out; sleep 60"), Duration.ofMillis(300), null));

        assertThat(ran.status()).isEqualTo(ExitStatus.exited(124));
        assertThat(ran.stdout()).isEqualTo("out\n");
        assertThat(ran.stderr()).isEqualTo("Command timed out after 300ms\n");
    }

    @Test
    void aCommandWithoutOneEndsAtTheLimitOfItsSandbox() {
        var sandbox = ref(make(wish().timeouts(limits("exec", Duration.ofMillis(300)))));

        assertThat(run(sandbox, script("sleep 60")).status()).isEqualTo(ExitStatus.exited(124));
        assertThat(run(sandbox, call(List.of("sleep", "0.5"), Duration.ofSeconds(30), null))
                        .status())
                .as("the call's own wins")
                .isEqualTo(ExitStatus.exited(0));
    }

    @Test
    void aTimeLimitOutsideTheBoundsIsRefused() {
        var sandbox = ref(make());
        for (Duration wrong : List.of(
                Duration.ZERO, Duration.ofSeconds(-1), Duration.ofDays(8), Duration.ofSeconds(Long.MAX_VALUE))) {
            assertThat(codeOf(() -> run(sandbox, call(List.of("true"), wrong, null))))
                    .isEqualTo(ErrorCode.LIMIT_OUT_OF_RANGE);
        }
    }

    @Test
    void anUploadThatStallsEndsAtItsLimitAndLeavesTheOldFile() {
        var sandbox = ref(make(wish().timeouts(limits("upload", SHORT))));
        write(sandbox, "f", "old");

        assertThat(codeOf(() -> service.files().write(ALICE, sandbox, FILE, stalled(), -1, null)))
                .isEqualTo(ErrorCode.OPERATION_TIMEOUT);

        assertThat(read(sandbox, "f")).isEqualTo("old");
        assertThat(sh(sandbox, "ls -A")).isEqualTo("f\n");
    }

    @Test
    void aDownloadThatIsNotTakenEndsAtItsLimit() {
        var sandbox = ref(make(wish().timeouts(limits("download", SHORT))));
        write(sandbox, "f", "content");

        assertThat(codeOf(() -> service.files()
                        .read(ALICE, sandbox, FILE, 0, -1, file -> stalled().read())))
                .isEqualTo(ErrorCode.OPERATION_TIMEOUT);
        assertThat(read(sandbox, "f")).isEqualTo("content");
    }

    @Test
    void inputThatAProcessDoesNotReadEndsAtTheUploadLimit() {
        var sandbox = ref(make(wish().timeouts(limits("upload", SHORT))));
        String process = service.processes()
                .start(ALICE, sandbox, script("sleep 300"), null)
                .id();

        assertThat(codeOf(() -> service.processes().write(ALICE, sandbox, process, bytes("x".repeat(1 << 20)), false)))
                .isEqualTo(ErrorCode.OPERATION_TIMEOUT);
        assertThat(codeOf(() -> service.processes().write(ALICE, sandbox, process, stalled(), false)))
                .isEqualTo(ErrorCode.OPERATION_TIMEOUT);
        assertThat(service.processes().get(ALICE, sandbox, process).isRunning()).isTrue();
    }

    @Test
    void aWriterThatWaitsForAnotherEndsAtItsLimitToo() throws Exception {
        var memory = new MemoryBudget(1 << 20);
        try (var command = new HostCommand("sleep", "60");
                var deadlines = new Deadlines()) {
            var process = new BackgroundProcess("p1", command, null, null, clock, memory);
            var begun = new CountDownLatch(1);
            Thread first = Thread.ofVirtual().start(() -> assertThatThrownBy(() -> process.write(stalled(begun), false))
                    .isInstanceOf(InterruptedIOException.class));
            begun.await();

            assertThat(codeOf(() -> deadlines.within(SHORT, "writing", () -> {
                        process.write(bytes("x"), false);
                        return process;
                    })))
                    .isEqualTo(ErrorCode.OPERATION_TIMEOUT);

            first.interrupt();
            process.end();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Point.class,
            names = {"STAT", "LIST_FILES", "MAKE_DIRECTORY", "DELETE_FILE", "START"})
    void aQuickOperationThatHangsEndsAtItsLimit(Point point) {
        var sandbox = ref(make(wish().timeouts(limits("fastOp", SHORT))));
        provider.next(point, Fault.hang());

        assertThat(codeOf(() -> {
                    switch (point) {
                        case STAT -> service.files().stat(ALICE, sandbox, FILE, true);
                        case LIST_FILES -> service.files().list(ALICE, sandbox, FILE, entry -> {});
                        case MAKE_DIRECTORY -> service.files().makeDirectory(ALICE, sandbox, FILE, true, null);
                        case DELETE_FILE -> service.files().delete(ALICE, sandbox, FILE, true);
                        default -> service.processes().start(ALICE, sandbox, script("true"), null);
                    }
                }))
                .isEqualTo(ErrorCode.OPERATION_TIMEOUT);
        assertThat(Thread.interrupted()).isFalse();
        assertThat(sh(sandbox, "echo usable")).isEqualTo("usable\n");
    }

    @Test
    void anArchiveThatNobodyTakesEndsAtItsLimit() {
        var sandbox = ref(make(wish().timeouts(limits("archive", SHORT))));
        write(sandbox, "f", "content");

        assertThat(codeOf(() -> service.archives().persist(ALICE, sandbox, List.of(), report -> untaken())))
                .isEqualTo(ErrorCode.OPERATION_TIMEOUT);
        assertThat(read(sandbox, "f")).isEqualTo("content");
    }

    @Test
    void anArchiveThatStallsEndsAtItsLimitAndChangesNothing() throws Exception {
        var sandbox = ref(make());
        write(sandbox, "f", "in the archive");
        var archive = new ByteArrayOutputStream();
        service.archives().persist(ALICE, sandbox, List.of(), report -> archive);
        var hasty = ref(make(wish().timeouts(limits("archive", SHORT))));
        write(hasty, "f", "live");
        var begun = new ByteArrayInputStream(archive.toByteArray(), 0, 1024);

        assertThat(codeOf(() -> service.archives()
                        .hydrate(ALICE, hasty, new SequenceInputStream(begun, stalled()), true, null)))
                .isEqualTo(ErrorCode.OPERATION_TIMEOUT);
        assertThat(read(hasty, "f")).isEqualTo("live");
        assertThat(sh(hasty, "ls -A")).isEqualTo("f\n");
    }

    @Test
    void openingASessionEndsAtItsLimit() {
        var sandbox = ref(make(wish().timeouts(limits("fastOp", SHORT))));
        provider.next(Point.START, Fault.hang());

        assertThat(codeOf(() -> service.openShellSession(ALICE, sandbox, "s", null, Map.of())))
                .isEqualTo(ErrorCode.OPERATION_TIMEOUT);
    }

    @Test
    void revivalEndsAtItsLimit() {
        var sandbox = ref(make());
        service.delete(ALICE, sandbox);
        provider.next(Point.CREATE, Fault.hang());

        assertThat(codeOf(() -> sh(sandbox, "true"))).isEqualTo(ErrorCode.OPERATION_TIMEOUT);
        assertThat(sh(sandbox, "echo then")).isEqualTo("then\n");
    }

    @Test
    void anOperationThatEndsLateAllTheSameGivesItsResult() throws Exception {
        var sandbox = ref(make(wish().timeouts(limits("fastOp", SHORT))));
        var came = new CountDownLatch(1);
        var sign = new CountDownLatch(1);
        provider.next(Point.MAKE_DIRECTORY, Fault.late(came, sign));
        var late = async(() -> service.files().makeDirectory(ALICE, sandbox, FILE, true, null));
        came.await();
        assertThat(catchThrowable(() -> late.get(300, TimeUnit.MILLISECONDS))).isInstanceOf(TimeoutException.class);

        sign.countDown();

        assertThat(soon(late).name()).isEqualTo("f");
    }

    private static CreateSandbox.TimeoutWishes limits(String which, Duration limit) {
        return new CreateSandbox.TimeoutWishes(
                only("exec", which, limit),
                only("cleanup", which, limit),
                only("upload", which, limit),
                only("download", which, limit),
                only("archive", which, limit),
                only("fastOp", which, limit));
    }

    private static @Nullable Duration only(String name, String which, Duration limit) {
        return name.equals(which) ? limit : null;
    }

    private static InputStream stalled() {
        return stalled(new CountDownLatch(1));
    }

    /** Takes nothing. */
    private static OutputStream untaken() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                stalled().read();
            }
        };
    }

    /** Tells that it is read and then gives nothing. */
    private static InputStream stalled(CountDownLatch begun) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                begun.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw new InterruptedIOException("interrupted");
                }
                return -1;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                return read();
            }
        };
    }
}
