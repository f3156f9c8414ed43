package dev.sandbridge.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider.Point;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Commands that a caller waits for. */
class ExecCallTest extends ServiceSuite {
    @Test
    void theCallsVariablesWinOverTheSandboxes() {
        var sandbox = ref(make(wish().environment(Map.of("A", "sandbox", "B", "sandbox"))));

        assertThat(run(sandbox, with(List.of("sh", "-c", "echo $A $B"), null, Map.of("A", "call"), null))
                        .stdout())
                .isEqualTo("call sandbox\n");
    }

    @Test
    @DisplayName("statement 35: a working directory outside the workspace is refused")
    void theDirectoryLiesInTheWorkspace() {
        var sandbox = ref(make());
        write(sandbox, "src/file", "inner\n");

        assertThat(run(sandbox, with(List.of("cat", "file"), "src", Map.of(), null))
                        .stdout())
                .isEqualTo("inner\n");
        for (String outside : List.of("/tmp", "/workspace/../../etc", "../x")) {
            assertThat(codeOf(() -> run(sandbox, with(List.of("true"), outside, Map.of(), null))))
                    .isEqualTo(ErrorCode.PATH_OUTSIDE_WORKSPACE);
        }
        assertThat(codeOf(() -> run(sandbox, with(List.of("true"), "none", Map.of(), null))))
                .isEqualTo(ErrorCode.INVALID_REQUEST);
    }

    @Test
    void inputIsPassedOnToItsEnd() {
        var sandbox = ref(make());
        String text = "line\n".repeat(100_000);

        assertThat(run(sandbox, with(List.of("cat"), null, Map.of(), bytes(text)))
                        .stdout())
                .isEqualTo(text);
    }

    @Test
    void inputThatTheCommandDoesNotReadDoesNotHoldItUp() {
        var sandbox = ref(make());
        var endless = new InputStream() {
            @Override
            public int read() {
                return 'x';
            }
        };

        assertThat(run(sandbox, with(List.of("head", "-c", "5"), null, Map.of(), endless)))
                .isEqualTo(new Ran(ExitStatus.exited(0), "xxxxx", ""));
    }

    @Test
    void inputThatBreaksOffEndsTheCommandAndNeverLooksWhole() {
        var sandbox = ref(make());
        var broken = new SequenceInputStream(new ByteArrayInputStream("half".getBytes(UTF_8)), new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the caller went away");
            }
        });

        assertThat(catchThrowable(
                        () -> run(sandbox, with(List.of("sh", "-c", "cat; touch whole"), null, Map.of(), broken))))
                .hasRootCauseInstanceOf(IOException.class);

        assertThat(sh(sandbox, "ls -A")).isEmpty();
    }

    @Test
    void outputThatBreaksOffIsAnErrorAndNeverASuccess() {
        var sandbox = ref(make());
        provider.next(Point.START, Fault.cut(1000));

        assertThat(codeOf(() -> run(sandbox, script("seq 1 100000")))).isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);
    }

    @Test
    void outputThatNobodyCanPassOnEndsTheCommand() throws IOException {
        var sandbox = ref(make());
        try (StartedExec exec = service.exec(ALICE, sandbox, script("while :; do echo x; done"))) {
            assertThatThrownBy(() -> exec.run((channel, bytes, offset, length) -> {
                        throw new IllegalStateException("a broken door");
                    }))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void outputOverTheLimitIsAnError() {
        var sandbox = ref(make());

        assertThat(codeOf(() -> run(sandbox, script("head -c 2000000 /dev/zero"))))
                .isEqualTo(ErrorCode.OUTPUT_LIMIT_EXCEEDED);
        assertThat(run(sandbox, script("head -c 1048576 /dev/zero")).stdout()).hasSize(1 << 20);
    }

    @Test
    void aLimitThatKilledACommandIsNamed() {
        var sandbox = ref(make());
        provider.next(Point.LIMIT_REACHED, Fault.answer(Optional.of("the sandbox used all its memory")));

        Ran ran = run(sandbox, script("kill -KILL $$"));

        assertThat(ran.status()).isEqualTo(ExitStatus.killed(9));
        assertThat(ran.stderr()).isEqualTo("the sandbox used all its memory\n");
    }

    @Test
    void anUnknownReasonDoesNotHideHowACommandEnded() {
        var sandbox = ref(make());
        provider.next(Point.LIMIT_REACHED, Fault.before(new SandboxException(ErrorCode.PROVIDER_FAILURE, "no answer")));

        assertThat(run(sandbox, script("kill -KILL $$")).status()).isEqualTo(ExitStatus.killed(9));
    }

    @Test
    void aCommandThatCannotBeStartedHoldsNothing() {
        var sandbox = ref(make());
        for (int i = 0; i < 5; i++) {
            provider.next(Point.START, Fault.before(new SandboxException(ErrorCode.CAPACITY_EXCEEDED, "full")));
            assertThat(codeOf(() -> run(sandbox, call(List.of("true"), null, "s"))))
                    .isEqualTo(ErrorCode.CAPACITY_EXCEEDED);
        }

        assertThat(run(sandbox, call(List.of("true"), Duration.ofSeconds(20), "s"))
                        .status())
                .isEqualTo(ExitStatus.exited(0));
        clock.advance(TTL.plusSeconds(1));
        assertThat(service.deleteExpired()).isEqualTo(1);
    }

    @Test
    void cancellingEndsACommandWhereverItIs() throws Exception {
        var sandbox = ref(make());
        try (StartedExec before = service.exec(ALICE, sandbox, script("sleep 60"))) {
            before.cancel();
            assertThatThrownBy(() -> finish(before)).isInstanceOf(IOException.class);
        }
        try (StartedExec during = service.exec(ALICE, sandbox, script("sleep 60"))) {
            var result = async(() -> finish(during));
            during.cancel();
            assertThatThrownBy(() -> soon(result)).hasRootCauseInstanceOf(IOException.class);
        }
        try (StartedExec after = service.exec(ALICE, sandbox, script("exit 3"))) {
            assertThat(finish(after).status()).isEqualTo(ExitStatus.exited(3));
            after.cancel();
        }
    }

    @Test
    void aSessionKeepsDirectoryAndVariables() {
        var sandbox = ref(make());
        write(sandbox, "src/file", "inner\n");

        run(sandbox, call(List.of("cd", "src"), null, "s"));
        run(sandbox, call(List.of("export", "A=a 'b'"), null, "s"));

        assertThat(run(sandbox, call(List.of("sh", "-c", "cat file; echo \"$A\""), null, "s"))
                        .stdout())
                .isEqualTo("inner\na 'b'\n");
        assertThat(sh(sandbox, "echo ${A-none}"))
                .as("calls without the session know nothing")
                .isEqualTo("none\n");
        assertThat(run(sandbox, call(List.of("sh", "-c", "echo ${A-none}"), null, "t"))
                        .stdout())
                .isEqualTo("none\n");
        service.closeShellSession(ALICE, sandbox, "s");
        service.closeShellSession(ALICE, sandbox, "t");
        service.closeShellSession(ALICE, sandbox, "never-was");
        assertThat(run(sandbox, call(List.of("sh", "-c", "echo ${A-none}"), null, "s"))
                        .stdout())
                .isEqualTo("none\n");
        service.closeShellSession(ALICE, sandbox, "s");
    }

    @Test
    void aSessionOpensWithDirectoryAndVariables() {
        var sandbox = ref(make());
        sh(sandbox, "mkdir src");

        String one = service.openShellSession(ALICE, sandbox, null, "src", Map.of("A", "1"));
        String two = service.openShellSession(ALICE, sandbox, null, null, Map.of());

        assertThat(one).matches("session-[0-9]+").isNotEqualTo(two);
        assertThat(run(sandbox, call(List.of("sh", "-c", "echo $A; pwd | tail -c 15"), null, one))
                        .stdout())
                .isEqualTo("1\n/workspace/src\n");
        service.closeShellSession(ALICE, sandbox, one);
        service.closeShellSession(ALICE, sandbox, two);
    }

    @Test
    void aSessionThatCannotBeOpenedSaysWhy() {
        var sandbox = ref(make());

        assertThat(codeOf(() -> service.openShellSession(ALICE, sandbox, "s", "none", Map.of())))
                .isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(codeOf(() -> service.openShellSession(ALICE, sandbox, "s", "/etc", Map.of())))
                .isEqualTo(ErrorCode.PATH_OUTSIDE_WORKSPACE);
        assertThat(codeOf(() -> service.openShellSession(ALICE, sandbox, "a b", null, Map.of())))
                .isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(codeOf(() -> service.openShellSession(ALICE, sandbox, "s", null, Map.of("A B", "1"))))
                .isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(codeOf(() -> run(sandbox, call(List.of("true"), null, "../x"))))
                .isEqualTo(ErrorCode.INVALID_REQUEST);
        service.closeShellSession(ALICE, sandbox, "s");
    }

    @Test
    void callsOfOneSessionRunOneAfterTheOther() throws Exception {
        var sandbox = ref(make());
        String step = "n=$(cat count 2>/dev/null || echo 0); sleep 0.05; echo $((n+1)) > count";
        var calls = IntStream.range(0, 8)
                .mapToObj(i -> async(() -> run(sandbox, call(List.of("sh", "-c", step), null, "s"))))
                .toList();
        for (var call : calls) {
            assertThat(soon(call).status()).isEqualTo(ExitStatus.exited(0));
        }

        assertThat(read(sandbox, "count")).isEqualTo("8\n");
        service.closeShellSession(ALICE, sandbox, "s");
    }

    @Test
    void aCallThatWaitsForItsSessionGivesUpAtItsTimeLimit() throws Exception {
        var sandbox = ref(make());
        try (StartedExec first = service.exec(ALICE, sandbox, call(List.of("sleep", "60"), null, "s"))) {
            assertThat(codeOf(() -> run(sandbox, call(List.of("true"), Duration.ofMillis(50), "s"))))
                    .isEqualTo(ErrorCode.OPERATION_TIMEOUT);
            first.cancel();
        }

        assertThat(run(sandbox, call(List.of("true"), Duration.ofSeconds(20), "s"))
                        .status())
                .isEqualTo(ExitStatus.exited(0));
        service.closeShellSession(ALICE, sandbox, "s");
    }

    @Test
    void aCallerWhoLeavesWhileItsSessionIsBusyWaitsNoLongerAndStartsNothing() throws Exception {
        var sandbox = ref(make());
        try (StartedExec first = service.exec(ALICE, sandbox, call(List.of("sleep", "60"), null, "s"))) {
            var leave = new AtomicReference<Runnable>();
            var late = async(() -> service.exec(ALICE, sandbox, call(List.of("touch", "late"), null, "s"), leave::set));
            eventually("the second waits", () -> leave.get() != null);
            provider.calls();

            leave.get().run();

            assertThat(catchThrowable(() -> soon(late)))
                    .cause()
                    .isInstanceOfSatisfying(SandboxException.class, gone -> assertThat(gone.code())
                            .isEqualTo(ErrorCode.OPERATION_TIMEOUT));
            assertThat(provider.calls()).doesNotContain(Point.START);
        }
        assertThat(sh(sandbox, "ls -A")).isEmpty();
        clock.advance(TTL.plusHours(1));
        assertThat(service.deleteExpired()).as("nothing holds the sandbox").isEqualTo(1);
    }

    @Test
    void theWorkspaceItselfCannotBeRemoved() {
        var sandbox = ref(make());

        assertThat(codeOf(() -> service.files().delete(ALICE, sandbox, WorkspacePath.of("."), true)))
                .isEqualTo(ErrorCode.INVALID_REQUEST);
    }

    private static ExecCall with(
            List<String> argv,
            @Nullable String directory,
            Map<String, String> environment,
            @Nullable InputStream stdin) {
        return new ExecCall(argv, directory, environment, null, stdin, null, null, true);
    }
}
