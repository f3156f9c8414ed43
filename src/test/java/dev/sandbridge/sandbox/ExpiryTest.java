package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider.Point;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** When sandboxes go, and what keeps them. */
class ExpiryTest extends ServiceSuite {
    private static final Duration HOUR = Duration.ofHours(1);

    @Test
    void aSandboxThatNobodyUsesGoesAtItsExpiryAndNotBefore() {
        var sandbox = ref(make(wish().ttl(HOUR)));
        clock.advance(HOUR.minusMillis(1));
        assertThat(service.deleteExpired()).isZero();
        assertThat(service.running(ALICE, sandbox)).isTrue();

        clock.advance(Duration.ofMillis(1));

        assertThat(service.running(ALICE, sandbox)).as("about to go").isFalse();
        assertThat(service.deleteExpired()).isEqualTo(1);
        assertThat(provider.list()).isEmpty();
        assertThat(service.deleteExpired()).isZero();
    }

    @Test
    void anExpiredSandboxIsNeitherSeenNorChanged() throws Exception {
        var sandbox = ref(make(wish().ttl(HOUR)));
        var longer = new SandboxUpdate(null, HOUR, null);
        clock.advance(HOUR);

        assertThat(codeOf(() -> service.update(ALICE, sandbox, longer))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(codeOf(() -> service.describe(ALICE, sandbox))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(listed()).isEmpty();
        assertThat(service.running(ALICE, sandbox)).isFalse();

        try (var exec = service.exec(ALICE, sandbox, script("sleep 300"))) {
            clock.advance(REVIVED_TTL.plus(HOUR));
            assertThat(service.describe(ALICE, sandbox).expiresAt()).isBefore(clock.instant());
            assertThat(listed()).hasSize(1);
            assertThat(service.update(ALICE, sandbox, longer).expiresAt())
                    .isEqualTo(clock.instant().plus(HOUR));
            exec.cancel();
        }
    }

    private List<SandboxView> listed() {
        return service.list(ALICE, new SandboxQuery(Map.of(), null, null, 10)).items();
    }

    @Test
    void eachUseMovesTheExpiryOn() throws Exception {
        var sandbox = ref(make(wish().ttl(HOUR)));
        var file = WorkspacePath.of("f");
        var process = service.processes()
                .start(ALICE, sandbox, script("sleep 300"), null)
                .id();
        List<Runnable> uses = List.of(
                () -> sh(sandbox, "true"),
                () -> write(sandbox, "f", "x"),
                () -> read(sandbox, "f"),
                () -> service.files().stat(ALICE, sandbox, file, true),
                () -> service.files().makeDirectory(ALICE, sandbox, WorkspacePath.of("d"), true, null),
                () -> service.processes().list(ALICE, sandbox),
                () -> service.processes()
                        .output(ALICE, sandbox, process, OutputSink.Channel.STDOUT, 0, 1, Duration.ZERO),
                () -> service.openShellSession(ALICE, sandbox, "s", null, Map.of()));
        for (Runnable use : uses) {
            clock.advance(Duration.ofMinutes(50));

            use.run();

            assertThat(expiry(sandbox)).isEqualTo(clock.instant().plus(HOUR));
        }
    }

    @Test
    void askingAboutASandboxIsNoUse() {
        SandboxView made = make(wish().ttl(HOUR));
        clock.advance(Duration.ofMinutes(50));

        service.running(ALICE, ref(made));
        service.describe(ALICE, ref(made));
        service.list(ALICE, new SandboxQuery(Map.of(), null, null, 10));

        assertThat(expiry(ref(made))).isEqualTo(made.expiresAt());
    }

    @Test
    void aBusySandboxIsRewrittenOnceAMinuteAndNotPerCall() {
        var sandbox = ref(make());
        provider.calls();

        for (int second = 0; second < 59; second++) {
            clock.advance(Duration.ofSeconds(1));
            service.files().stat(ALICE, sandbox, WorkspacePath.of("."), true);
        }
        assertThat(provider.calls()).doesNotContain(Point.UPDATE);
        clock.advance(Duration.ofSeconds(2));
        service.files().stat(ALICE, sandbox, WorkspacePath.of("."), true);
        assertThat(provider.calls()).containsOnlyOnce(Point.UPDATE);
    }

    @Test
    void aShortLifeIsMovedOnInSmallerSteps() {
        var sandbox = ref(make(wish().ttl(Duration.ofSeconds(10))));

        for (int second = 0; second < 30; second++) {
            clock.advance(Duration.ofSeconds(1));
            service.files().stat(ALICE, sandbox, WorkspacePath.of("."), true);
            clock.advance(Duration.ofMillis(100));
            service.files().stat(ALICE, sandbox, WorkspacePath.of("."), true);
        }

        assertThat(expiry(sandbox)).isAfterOrEqualTo(clock.instant().plusSeconds(9));
    }

    @Test
    @DisplayName("statement 32: a sandbox is not expired while an exec is open")
    void aSandboxInUseIsNotExpiredAndLivesItsTimeAfterwards() throws Exception {
        var sandbox = ref(make(wish().ttl(HOUR)));
        write(sandbox, "kept", "x");
        try (StartedExec exec = service.exec(ALICE, sandbox, script("until [ -e go ]; do sleep 0.02; done"))) {
            clock.advance(HOUR.multipliedBy(3));

            assertThat(service.deleteExpired()).isZero();

            assertThat(service.running(ALICE, sandbox)).isTrue();
            write(sandbox, "go", "");
            assertThat(finish(exec).status().code()).isZero();
        }
        assertThat(service.deleteExpired())
                .as("its life is counted from the end of the call")
                .isZero();
        assertThat(read(sandbox, "kept")).isEqualTo("x");
    }

    @Test
    @DisplayName("statement 32: nor by another process with the same provider, however short its life is")
    void aSandboxInUseIsNotExpiredByAnotherServiceEither() throws Exception {
        Duration life = Duration.ofSeconds(1);
        var sandbox = ref(make(wish().ttl(life)));
        write(sandbox, "kept", "x");
        try (SandboxService other = another();
                StartedExec exec = service.exec(ALICE, sandbox, script("until [ -e go ]; do sleep 0.02; done"))) {
            for (int part = 0; part < 5; part++) {
                clock.advance(life.dividedBy(2));
                eventually("it is renewed", () -> !expiry(sandbox)
                        .isBefore(clock.instant().plus(life)));

                assertThat(other.deleteExpired()).isZero();
            }
            other.files().write(ALICE, sandbox, WorkspacePath.of("go"), bytes(""), -1, null);
            assertThat(finish(exec).status().code()).isZero();
        }
        assertThat(read(sandbox, "kept")).isEqualTo("x");
    }

    @Test
    void whatIsNotInUseAnyMoreIsNotRenewed() throws Exception {
        Duration life = Duration.ofSeconds(1);
        var sandbox = ref(make(wish().ttl(life)));
        sh(sandbox, "true");
        var busy = ref(make(wish().ttl(life)));
        try (StartedExec exec = service.exec(ALICE, busy, script("sleep 300"))) {
            clock.advance(life);
            eventually("another one is renewed", () -> !expiry(busy)
                    .isBefore(clock.instant().plus(life)));
            exec.cancel();
        }

        assertThat(service.deleteExpired()).isEqualTo(1);
        assertThat(service.running(ALICE, sandbox)).isFalse();
    }

    @Test
    void aLongUploadAndALongWaitKeepASandboxToo() throws Exception {
        var sandbox = ref(make(wish().ttl(HOUR)));
        var begun = new CountDownLatch(1);
        var go = new CountDownLatch(1);
        var upload =
                async(() -> service.files().write(ALICE, sandbox, WorkspacePath.of("f"), waiting(begun, go), -1, null));
        begun.await();
        clock.advance(HOUR.multipliedBy(2));

        assertThat(service.deleteExpired()).isZero();
        go.countDown();
        soon(upload);

        String process =
                service.processes().start(ALICE, sandbox, script("cat"), null).id();
        provider.calls();
        var wait = async(() -> service.processes().await(ALICE, sandbox, process, Duration.ofSeconds(30)));
        eventually("it waits", () -> provider.calls().contains(Point.FIND));
        clock.advance(HOUR.multipliedBy(2));
        assertThat(service.deleteExpired()).isZero();
        service.processes().write(ALICE, sandbox, process, bytes(""), true);
        assertThat(soon(wait).isRunning()).isFalse();
    }

    @Test
    void aSandboxThatIsRenewedWhileTheSweepLooksStays() {
        var sandbox = ref(make(wish().ttl(HOUR)));
        clock.advance(HOUR.plusSeconds(1));
        provider.next(Point.LIST, Fault.then(() -> sh(sandbox, "true")));

        assertThat(service.deleteExpired()).isZero();

        assertThat(service.running(ALICE, sandbox)).isTrue();
    }

    @Test
    void aCallThatComesDuringTheSweepGetsAFreshSandbox() throws Exception {
        var sandbox = ref(make(wish().ttl(HOUR)));
        write(sandbox, "old", "x");
        clock.advance(HOUR.plusSeconds(1));
        var came = new CountDownLatch(1);
        var sign = new CountDownLatch(1);
        provider.next(Point.DELETE, Fault.late(came, sign));
        var sweep = async(service::deleteExpired);
        came.await();
        var call = async(() -> sh(sandbox, "ls -A; echo fresh"));

        sign.countDown();

        assertThat(soon(sweep)).isEqualTo(1);
        assertThat(soon(call)).isEqualTo("fresh\n");
    }

    @Test
    void oneThatCannotBeRemovedKeepsNoOtherFromBeing() {
        make(wish().ttl(HOUR));
        make(wish().ttl(HOUR));
        make(wish().ttl(HOUR));
        clock.advance(HOUR.plusSeconds(1));
        var failure = new SandboxException(ErrorCode.PROVIDER_FAILURE, "stuck");
        provider.next(Point.DELETE, Fault.before(failure));

        assertThat(catchThrowableOfType(SandboxException.class, () -> service.deleteExpired()))
                .isSameAs(failure);

        assertThat(provider.list()).hasSize(1);
        assertThat(service.deleteExpired()).isEqualTo(1);
        assertThat(provider.list()).isEmpty();
    }

    @Test
    void aRemovalThatHangsIsGivenUpAtTheSandboxesOwnLimitAndTriedAgain() {
        make(wish().ttl(HOUR)
                .timeouts(new CreateSandbox.TimeoutWishes(null, Duration.ofMillis(50), null, null, null, null)));
        clock.advance(HOUR.plusSeconds(1));
        provider.next(Point.DELETE, Fault.hang());

        assertThat(codeOf(() -> service.deleteExpired())).isEqualTo(ErrorCode.OPERATION_TIMEOUT);

        assertThat(service.deleteExpired()).isEqualTo(1);
    }

    @Test
    void expiryAndLifeCanBeRenewedAndShortened() {
        var sandbox = ref(make(wish().ttl(HOUR)));
        Instant later = clock.instant().plus(Duration.ofDays(3));

        service.update(ALICE, sandbox, new SandboxUpdate(null, null, later));
        assertThat(expiry(sandbox)).isEqualTo(later);
        sh(sandbox, "true");
        assertThat(expiry(sandbox)).as("a use never shortens").isEqualTo(later);

        SandboxView shorter = service.update(ALICE, sandbox, new SandboxUpdate(null, Duration.ofMinutes(5), null));
        assertThat(shorter.ttl()).isEqualTo(Duration.ofMinutes(5));
        assertThat(shorter.expiresAt()).isEqualTo(clock.instant().plus(Duration.ofMinutes(5)));
        clock.advance(Duration.ofMinutes(4));
        sh(sandbox, "true");
        assertThat(expiry(sandbox)).isEqualTo(clock.instant().plus(Duration.ofMinutes(5)));
        restart();
        assertThat(service.describe(ALICE, sandbox).ttl()).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void anExpiryOutsideTheBoundsIsRefusedAndChangesNothing() {
        SandboxView made = make();
        var labels = Map.of("new", Optional.of("label"));

        for (var wrong : List.of(
                new SandboxUpdate(labels, null, clock.instant().minusSeconds(1)),
                new SandboxUpdate(labels, null, clock.instant().plus(Duration.ofDays(31))),
                new SandboxUpdate(labels, null, Instant.MAX),
                new SandboxUpdate(labels, Duration.ZERO, null),
                new SandboxUpdate(labels, Duration.ofDays(31), null))) {
            assertThat(codeOf(() -> service.update(ALICE, ref(made), wrong))).isEqualTo(ErrorCode.LIMIT_OUT_OF_RANGE);
        }

        assertThat(service.describe(ALICE, ref(made))).isEqualTo(made);
    }

    @Test
    void aUseNeverUndoesAChangeThatIsMadeMeanwhile() throws Exception {
        var sandbox = ref(make());
        for (int round = 0; round < 60; round++) {
            clock.advance(Duration.ofMinutes(2));
            String value = "v" + round;
            var use = async(() -> service.files().stat(ALICE, sandbox, WorkspacePath.of("."), true));
            var one = async(() ->
                    service.update(ALICE, sandbox, new SandboxUpdate(Map.of("a", Optional.of(value)), null, null)));
            var two = async(() ->
                    service.update(ALICE, sandbox, new SandboxUpdate(Map.of("b", Optional.of(value)), null, null)));
            soon(use);
            soon(one);
            soon(two);

            assertThat(service.describe(ALICE, sandbox).labels()).isEqualTo(Map.of("a", value, "b", value));
        }
    }

    private Instant expiry(SandboxRef sandbox) {
        return service.describe(ALICE, sandbox).expiresAt();
    }

    private static InputStream waiting(CountDownLatch begun, CountDownLatch go) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                begun.countDown();
                try {
                    go.await();
                } catch (InterruptedException interrupted) {
                    throw new IOException(interrupted);
                }
                return -1;
            }
        };
    }
}
