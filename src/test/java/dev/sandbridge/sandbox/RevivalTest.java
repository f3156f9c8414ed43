package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.process.Signal;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider.Point;
import dev.sandbridge.workspace.WorkspacePath;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Ids outlive sandboxes: who works in a deleted one gets a fresh one, who only asks starts nothing. */
class RevivalTest extends ServiceSuite {
    private static final WorkspacePath FILE = WorkspacePath.of("f");

    @Test
    @DisplayName("statement 25: after delete, exec on the same id succeeds in a fresh, empty sandbox")
    void execRevivesADeletedSandboxEmptyAndWithAShortLife() {
        var gone = ref(make(wish().environment(Map.of("A", "1")).labels(Map.of("l", "v"))));
        write(gone, "old", "x");
        service.delete(ALICE, gone);

        assertThat(sh(gone, "ls -A; echo ${A-unset}")).isEqualTo("unset\n");

        SandboxView revived = service.describe(ALICE, gone);
        assertThat(revived.id()).isEqualTo(gone.id());
        assertThat(revived.ttl()).isEqualTo(REVIVED_TTL);
        assertThat(revived.expiresAt()).isEqualTo(clock.instant().plus(REVIVED_TTL));
        assertThat(revived.limits()).isEqualTo(DEFAULTS);
        assertThat(revived.labels()).isEmpty();
    }

    @Test
    void execRevivesAnExpiredSandbox() {
        var gone = ref(make());
        clock.advance(TTL.plusSeconds(1));
        service.deleteExpired();

        assertThat(sh(gone, "echo fresh")).isEqualTo("fresh\n");
    }

    @Test
    @DisplayName("statement 25: an expired sandbox is gone, whether the sweep has come to it or not")
    void anExpiredSandboxIsGoneBeforeItIsSwept() {
        var gone = ref(make(wish().alias("box")));
        write(gone, "old", "x");
        clock.advance(TTL.plusSeconds(1));

        assertThat(service.running(ALICE, gone)).isFalse();
        assertThat(codeOf(() -> read(gone, "old"))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(sh(gone, "ls -A; echo fresh")).isEqualTo("fresh\n");
        assertThat(service.describe(ALICE, gone).ttl()).isEqualTo(REVIVED_TTL);

        write(gone, "old", "x");
        clock.advance(REVIVED_TTL.plusSeconds(1));
        Created again = service.create(ALICE, wish().alias("box").request());
        assertThat(again.created()).isTrue();
        assertThat(again.sandbox().ttl()).isEqualTo(TTL);
        assertThat(sh(gone, "ls -A")).isEmpty();
    }

    @Test
    void aSandboxInUseDoesNotExpire() throws Exception {
        var used = ref(make());
        write(used, "kept", "x");
        try (var exec = service.exec(ALICE, used, script("sleep 300"))) {
            clock.advance(TTL.plusSeconds(1));

            assertThat(sh(used, "ls -A")).isEqualTo("kept\n");
            assertThat(exec).isNotNull();
        }
        assertThat(read(used, "kept")).isEqualTo("x");
    }

    @Test
    void theStateRestoresWhatTheCallerHadChosenButForTheLongLife() {
        SandboxView made = make(wish().alias("box")
                .environment(Map.of("A", "1"))
                .labels(Map.of("l", "v"))
                .ttl(Duration.ofHours(20))
                .timeouts(new CreateSandbox.TimeoutWishes(Duration.ofSeconds(9), null, null, null, null, null)));
        service.delete(ALICE, ref(made));

        assertThat(sh(withState(made), "echo $A")).isEqualTo("1\n");

        SandboxView revived = service.describe(ALICE, ref(made));
        assertThat(revived.name()).isEqualTo("box");
        assertThat(revived.labels()).isEqualTo(Map.of("l", "v"));
        assertThat(revived.timeouts()).isEqualTo(made.timeouts());
        assertThat(revived.limits()).isEqualTo(made.limits());
        assertThat(revived.environmentNames()).containsExactly("A");
        assertThat(revived.ttl()).isEqualTo(REVIVED_TTL);
        assertThat(sh(ref(made), "echo $A")).as("it lies with the sandbox now").isEqualTo("1\n");
    }

    @Test
    void aNamedSandboxThatWasRevivedIsFoundByItsName() {
        SandboxView made = make(wish().alias("box"));
        service.delete(ALICE, ref(made));
        sh(ref(made), "touch here");

        Created again = service.create(ALICE, wish().alias("box").request());

        assertThat(again.created()).isFalse();
        assertThat(again.sandbox().id()).isEqualTo(made.id());
    }

    @Test
    void aStateOfAnotherSandboxOrOwnerIsRefusedBeforeAnythingIsTouched() {
        SandboxView one = make();
        SandboxView other = make();
        SandboxView bobs = service.create(BOB, wish().request()).sandbox();
        service.delete(ALICE, ref(one));
        provider.calls();

        for (String state :
                List.of(other.state(), bobs.state(), "forged", "", one.state().substring(1))) {
            var mixed = new SandboxRef(one.id(), state);
            assertThat(codeOf(() -> run(mixed, script("true")))).isEqualTo(ErrorCode.STATE_INVALID);
            assertThat(codeOf(() -> service.describe(ALICE, mixed))).isEqualTo(ErrorCode.STATE_INVALID);
        }
        assertThat(provider.calls()).isEmpty();
    }

    @Test
    void onlyWhoWorksInASandboxRevivesIt() throws Exception {
        for (String kind : List.of("exec", "write", "mkdir", "session", "process")) {
            var gone = ref(make());
            service.delete(ALICE, gone);
            switch (kind) {
                case "exec" -> run(gone, script("true"));
                case "write" -> service.files().write(ALICE, gone, FILE, bytes("x"), -1, null);
                case "mkdir" -> service.files().makeDirectory(ALICE, gone, FILE, false, null);
                case "session" -> service.openShellSession(ALICE, gone, null, null, Map.of());
                default -> service.processes().start(ALICE, gone, script("true"), null);
            }
            assertThat(service.running(ALICE, gone)).as(kind).isTrue();
        }
    }

    @Test
    void whoOnlyAsksStartsNothing() throws Exception {
        var gone = ref(make());
        service.delete(ALICE, gone);
        var wait = Duration.ofMillis(1);
        provider.calls();

        assertThat(service.running(ALICE, gone)).isFalse();
        service.delete(ALICE, gone);
        service.closeShellSession(ALICE, gone, "s");
        assertThat(service.list(ALICE, new SandboxQuery(Map.of(), null, null, 10))
                        .items())
                .isEmpty();
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> service.describe(ALICE, gone),
                () -> service.update(ALICE, gone, new SandboxUpdate(null, Duration.ofHours(1), null)),
                () -> service.files().read(ALICE, gone, FILE, 0, -1, file -> "read"),
                () -> service.files().stat(ALICE, gone, FILE, true),
                () -> service.files().list(ALICE, gone, FILE, entry -> {}),
                () -> service.files().delete(ALICE, gone, FILE, true),
                () -> service.processes().list(ALICE, gone),
                () -> service.processes().get(ALICE, gone, "p1"),
                () -> service.processes().output(ALICE, gone, "p1", OutputSink.Channel.STDOUT, 0, 1, wait),
                () -> service.processes().write(ALICE, gone, "p1", bytes("x"), true),
                () -> service.processes().signal(ALICE, gone, "p1", Signal.TERM),
                () -> service.processes().await(ALICE, gone, "p1", wait),
                () -> service.processes().forget(ALICE, gone, "p1"))) {
            assertThat(codeOf(call)).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        }

        assertThat(provider.calls()).containsOnly(Point.FIND, Point.LIST);
    }

    @Test
    void manyCallsOnADeletedSandboxReviveItOnce() throws Exception {
        var gone = ref(make());
        service.delete(ALICE, gone);
        provider.calls();

        var calls = new ArrayList<CompletableFuture<String>>();
        for (int i = 0; i < 10; i++) {
            calls.add(async(() -> sh(gone, "echo x >> all; echo done")));
        }
        for (var call : calls) {
            assertThat(soon(call)).isEqualTo("done\n");
        }

        assertThat(provider.calls()).containsOnlyOnce(Point.CREATE);
        assertThat(read(gone, "all")).isEqualTo("x\n".repeat(10));
    }

    @Test
    void aLookupThatFailsIsNoProofThatTheSandboxIsGone() {
        var alive = ref(make());
        write(alive, "kept", "x");
        var failure = new SandboxException(ErrorCode.PROVIDER_FAILURE, "no answer");
        provider.next(Point.FIND, Fault.before(failure));

        assertThat(codeOf(() -> run(alive, script("true")))).isEqualTo(ErrorCode.PROVIDER_FAILURE);

        assertThat(read(alive, "kept")).isEqualTo("x");
    }

    @Test
    void aSandboxThatIsDeletedWhileItIsEnteredComesBack() {
        var sandbox = ref(make());
        clock.advance(Duration.ofHours(1));
        // Deleted after it was found, before its expiry is moved on.
        provider.next(Point.FIND, Fault.then(() -> service.delete(ALICE, sandbox)));

        assertThat(sh(sandbox, "echo fresh")).isEqualTo("fresh\n");
    }

    @Test
    void theServicesRestartLosesNoFileAndKeepsEveryIdValid() {
        var sandbox = ref(make(wish().environment(Map.of("A", "1"))));
        write(sandbox, "kept", "x");

        restart();

        assertThat(sh(sandbox, "cat kept; echo $A")).isEqualTo("x1\n");
    }
}
