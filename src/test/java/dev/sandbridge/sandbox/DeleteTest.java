package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider.Point;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeleteTest extends ServiceSuite {
    @Test
    @DisplayName("statement 24: DELETE again, and of a never-issued id, is harmless and starts nothing")
    void deleteIsHarmlessForWhatIsGone() {
        var sandbox = ref(make());
        service.delete(ALICE, sandbox);
        provider.calls();

        service.delete(ALICE, sandbox);

        assertThat(provider.calls()).containsExactly(Point.FIND);
    }

    @Test
    @DisplayName("statement 27: DELETE ends running execs")
    void deleteEndsRunningCommandsWithAnErrorAndNeverAsASuccess() throws Exception {
        var sandbox = ref(make());
        try (StartedExec exec = service.exec(ALICE, sandbox, script("trap '' TERM; echo begun; sleep 300"))) {
            var result = async(() -> finish(exec));
            eventually("it runs", () -> service.running(ALICE, sandbox));

            service.delete(ALICE, sandbox);

            eventually("the call ends", result::isDone);
            if (result.isCompletedExceptionally()) {
                assertThat(result.exceptionNow()).isInstanceOf(SandboxException.class);
            } else {
                assertThat(result.join().status().code()).isEqualTo(137);
            }
        }
        assertThat(service.running(ALICE, sandbox)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"this service", "another one"})
    void aCommandThatWaitsForItsSessionDoesNotBringADeletedSandboxBack(String deletedBy) throws Exception {
        var sandbox = ref(make());
        try (StartedExec first = service.exec(ALICE, sandbox, call(List.of("sleep", "300"), null, "s"))) {
            var running = async(() -> finish(first));
            var queued = new CompletableFuture<ErrorCode>();
            Thread waiting = Thread.ofVirtual()
                    .start(() ->
                            queued.complete(codeOf(() -> run(sandbox, call(List.of("touch", "late"), null, "s")))));
            eventually("the second waits", () -> waiting.getState() == Thread.State.TIMED_WAITING);

            if (deletedBy.equals("this service")) {
                service.delete(ALICE, sandbox);
            } else {
                provider.delete(provider.list().getFirst().name());
            }

            eventually("the first ends", running::isDone);
            first.close();
            assertThat(soon(queued)).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        }
        assertThat(provider.list()).isEmpty();
    }

    @Test
    void aFileThatIsStillComingDoesNotBringADeletedSandboxBack() {
        var sandbox = ref(make());
        var content = new FilterInputStream(bytes("late")) {
            @Override
            public int read(byte[] into, int offset, int length) throws IOException {
                service.delete(ALICE, sandbox);
                return super.read(into, offset, length);
            }
        };
        var file = WorkspacePath.of("late");

        assertThat(codeOf(() -> service.files().write(ALICE, sandbox, file, content, 4, null)))
                .isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);

        assertThat(provider.list()).isEmpty();
    }

    @Test
    void deleteForgetsProcessesAndSessions() {
        var sandbox = ref(make());
        var old = service.processes().start(ALICE, sandbox, script("sleep 300"), null);
        run(sandbox, call(List.of("export", "OLD=1"), null, "s"));

        service.delete(ALICE, sandbox);
        sh(sandbox, "true");

        assertThat(service.processes().list(ALICE, sandbox)).isEmpty();
        assertThat(codeOf(() -> service.processes().get(ALICE, sandbox, old.id())))
                .isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
        var fresh = service.processes().start(ALICE, sandbox, script("sleep 300"), null);
        assertThat(fresh.id()).as("an old id never names a new process").isNotEqualTo(old.id());
    }

    @Test
    void aProcessThatStartsWhileItsSandboxIsDeletedIsNotLeftInTheList() throws Exception {
        var sandbox = ref(make());
        var came = new CountDownLatch(1);
        var sign = new CountDownLatch(1);
        provider.next(Point.START, Fault.then(() -> {
            came.countDown();
            try {
                sign.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }));
        var start = async(() -> service.processes().start(ALICE, sandbox, script("sleep 300"), null));
        came.await();

        service.delete(ALICE, sandbox);
        sign.countDown();

        assertThat(catchThrowable(() -> soon(start)).getCause()).isInstanceOf(SandboxException.class);
        sh(sandbox, "true");
        assertThat(service.processes().list(ALICE, sandbox)).isEmpty();
    }

    @Test
    void aSandboxThatCannotBeReadIsRemovedForItsOwner() {
        var sandbox = ref(make());
        var unreadable = Fault.before(new SandboxException(ErrorCode.PROVIDER_FAILURE, "a damaged record"));

        provider.next(Point.FIND, unreadable);
        service.delete(BOB, sandbox);
        assertThat(provider.list()).as("to others it is not there").hasSize(1);
        service.delete(ALICE, sandbox);

        assertThat(provider.list()).isEmpty();
        provider.next(Point.FIND, unreadable);
        assertThat(service.exit(ALICE, sandbox, false, false)).isEmpty();
    }

    @Test
    void aDeleteThatFailsLeavesTheSandboxAndItsProcesses() {
        var sandbox = ref(make());
        var process = service.processes().start(ALICE, sandbox, script("sleep 300"), null);
        var failure = new SandboxException(ErrorCode.PROVIDER_FAILURE, "not now");
        provider.next(Point.DELETE, Fault.before(failure));

        assertThat(catchThrowable(() -> service.delete(ALICE, sandbox))).isSameAs(failure);

        assertThat(service.processes().get(ALICE, sandbox, process.id()).isRunning())
                .isTrue();
        service.delete(ALICE, sandbox);
        assertThat(service.running(ALICE, sandbox)).isFalse();
    }

    @Test
    void aDeleteThatFailsAfterItsEffectIsDoneWhenItIsTriedAgain() {
        var sandbox = ref(make());
        service.processes().start(ALICE, sandbox, script("sleep 300"), null);
        provider.next(Point.DELETE, Fault.after(new SandboxException(ErrorCode.PROVIDER_FAILURE, "answer lost")));

        assertThat(codeOf(() -> service.delete(ALICE, sandbox))).isEqualTo(ErrorCode.PROVIDER_FAILURE);
        service.delete(ALICE, sandbox);

        assertThat(service.running(ALICE, sandbox)).isFalse();
        sh(sandbox, "true");
        assertThat(service.processes().list(ALICE, sandbox))
                .allSatisfy(info -> assertThat(info.isRunning()).isFalse());
    }

    @Test
    void aDeleteThatHangsIsGivenUpAtTheCleanupLimit() {
        var sandbox = ref(make(
                wish().timeouts(new CreateSandbox.TimeoutWishes(null, Duration.ofMillis(50), null, null, null, null))));
        provider.next(Point.DELETE, Fault.hang());

        assertThat(codeOf(() -> service.delete(ALICE, sandbox))).isEqualTo(ErrorCode.OPERATION_TIMEOUT);

        service.delete(ALICE, sandbox);
        assertThat(provider.list()).isEmpty();
    }

    @Test
    void aDeleteWaitsForARevivalNoLongerThanItsLimit() throws Exception {
        var sandbox = ref(make(
                wish().timeouts(new CreateSandbox.TimeoutWishes(null, Duration.ofMillis(50), null, null, null, null))));
        var came = new CountDownLatch(1);
        var sign = new CountDownLatch(1);
        provider.next(Point.DELETE, Fault.late(came, sign));
        var slow = async(() -> {
            service.delete(ALICE, sandbox);
            return true;
        });
        came.await();

        assertThat(codeOf(() -> service.delete(ALICE, sandbox))).isEqualTo(ErrorCode.OPERATION_TIMEOUT);

        sign.countDown();
        assertThat(soon(slow)).isTrue();
    }

    @Test
    void deletesAndCallsThatMeetEndInOneOfTheTwoOrders() throws Exception {
        var sandbox = ref(make());
        for (int round = 0; round < 6; round++) {
            var calls = new ArrayList<CompletableFuture<String>>();
            for (int i = 0; i < 3; i++) {
                calls.add(async(() -> {
                    try {
                        return sh(sandbox, "echo fine");
                    } catch (SandboxException | UncheckedIOException | AssertionError deletedUnderIt) {
                        return "ended";
                    }
                }));
            }
            var delete = async(() -> {
                service.delete(ALICE, sandbox);
                return "deleted";
            });
            assertThat(soon(delete)).isEqualTo("deleted");
            for (var call : calls) {
                assertThat(soon(call)).isIn("fine\n", "ended");
            }
            assertThat(sh(sandbox, "echo usable")).isEqualTo("usable\n");
        }
        service.delete(ALICE, sandbox);
        assertThat(provider.list()).isEmpty();
    }

    @Test
    void closingAnExecThatWasNeverRunEndsItsCommand() throws IOException {
        var sandbox = ref(make());
        try (StartedExec exec = service.exec(ALICE, sandbox, script("sleep 0.2; touch after"))) {
            exec.cancel();
        }

        assertThat(sh(sandbox, "sleep 0.4; ls -A")).isEmpty();
        clock.advance(TTL.plusHours(1));
        assertThat(service.deleteExpired())
                .as("nothing holds the sandbox any more")
                .isEqualTo(1);
    }
}
