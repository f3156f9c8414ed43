package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.process.Signal;
import dev.sandbridge.workspace.WorkspacePath;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** An id is worth nothing to anyone but its owner, and a forged one nothing at all. */
class OwnershipTest extends ServiceSuite {
    private static final WorkspacePath FILE = WorkspacePath.of("f");

    @Test
    @DisplayName("statement 7: a key for tenant A never reaches an id of tenant B")
    void foreignAndForgedIdsAreRefusedAlikeBeforeAnythingIsTouched() {
        SandboxView alices = make();
        var forged = new SandboxRef(changed(alices.id()), null);
        provider.calls();

        for (SandboxRef target : List.of(ref(alices), withState(alices), forged)) {
            for (ThrowingCallable call : working(BOB, target)) {
                var refusal = catchThrowableOfType(SandboxException.class, call);
                assertThat(refusal.code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
                assertThat(refusal.text()).isEqualTo("no such sandbox");
            }
            assertThat(codeOf(() -> service.describe(BOB, target))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
            assertThat(codeOf(() -> service.update(BOB, target, renewal()))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
            assertThat(service.running(BOB, target)).isFalse();
            service.delete(BOB, target);
            service.closeShellSession(BOB, target, "s");
        }

        assertThat(provider.calls()).isEmpty();
        assertThat(service.running(ALICE, ref(alices))).isTrue();
    }

    @Test
    @DisplayName("statement 10: an id that is not written like one is an invalid request")
    void whatIsNotWrittenLikeAnIdIsAnInvalidRequest() {
        for (String text : List.of("", "foo;rm", "a".repeat(129), "A".repeat(40), "a".repeat(25), "../../etc")) {
            var wrong = new SandboxRef(text, null);
            for (ThrowingCallable call : working(ALICE, wrong)) {
                assertThat(codeOf(call)).isEqualTo(ErrorCode.INVALID_REQUEST);
            }
            assertThat(codeOf(() -> service.running(ALICE, wrong))).isEqualTo(ErrorCode.INVALID_REQUEST);
            assertThat(codeOf(() -> service.delete(ALICE, wrong))).isEqualTo(ErrorCode.INVALID_REQUEST);
        }
        assertThat(provider.calls()).isEmpty();
    }

    @Test
    void anAdminManagesOthersSandboxesAndDoesNotWorkInThem() {
        SandboxView alices = make(wish().environment(Map.of("SECRET", "x")));

        for (ThrowingCallable call : working(ADMIN, ref(alices))) {
            assertThat(codeOf(call)).isEqualTo(ErrorCode.FORBIDDEN);
        }

        assertThat(service.describe(ADMIN, ref(alices))).isEqualTo(alices);
        assertThat(service.running(ADMIN, ref(alices))).isTrue();
        service.update(ADMIN, ref(alices), renewal());
        assertThat(sh(ref(alices), "echo $SECRET"))
                .as("still sealed for its owner")
                .isEqualTo("x\n");
        service.delete(ADMIN, ref(alices));
        assertThat(service.running(ALICE, ref(alices))).isFalse();
        assertThat(codeOf(() -> run(ADMIN, ref(alices), script("true")))).isEqualTo(ErrorCode.FORBIDDEN);
    }

    @Test
    void listsShowOnesOwnSandboxesAndAdminsThoseTheyAskFor() {
        SandboxView alices = make();
        SandboxView bobs = service.create(BOB, wish().request()).sandbox();

        assertThat(ids(ALICE, null)).containsExactly(alices.id());
        assertThat(ids(ADMIN, null)).isEmpty();
        assertThat(ids(ADMIN, "bob")).containsExactly(bobs.id());
        assertThat(ids(ADMIN, "*")).containsExactlyInAnyOrder(alices.id(), bobs.id());
        assertThat(codeOf(() -> ids(ALICE, "bob"))).isEqualTo(ErrorCode.FORBIDDEN);
        assertThat(codeOf(() -> ids(ALICE, "*"))).isEqualTo(ErrorCode.FORBIDDEN);
    }

    @Test
    void idsOfARetiredSecretAreWorthlessAndTheirSandboxesGoAtTheirExpiry() {
        SandboxView old = make();
        int version = secrets.versions().getFirst();
        secrets.rotate();
        SandboxView current = make();
        secrets.retire(version);

        assertThat(codeOf(() -> run(ref(old), script("true")))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(ids(ALICE, null)).as("a list is not spoilt by it").containsExactly(current.id());
        clock.advance(TTL.plusSeconds(1));
        assertThat(service.deleteExpired()).isEqualTo(2);
        assertThat(provider.list()).isEmpty();
    }

    @Test
    void aSandboxWhoseStateCannotBeOpenedAnyMoreCanStillBeListedAndDeleted() {
        secrets.rotate();
        SandboxView made = make();
        int middle = secrets.rotate();
        SandboxView resealed = service.update(ALICE, ref(made), renewal());
        secrets.rotate();
        secrets.retire(middle);

        assertThat(codeOf(() -> run(ref(resealed), script("true"))))
                .as("not the caller's mistake")
                .isEqualTo(ErrorCode.PROVIDER_FAILURE);
        assertThat(ids(ALICE, null)).containsExactly(made.id());
        assertThat(service.running(ALICE, ref(made))).isTrue();
        service.delete(ALICE, ref(made));
        assertThat(provider.list()).isEmpty();
    }

    private List<ThrowingCallable> working(Caller caller, SandboxRef target) {
        var wait = Duration.ofMillis(1);
        return List.of(
                () -> run(caller, target, script("true")),
                () -> service.files().read(caller, target, FILE, 0, -1, file -> "read"),
                () -> service.files().write(caller, target, FILE, bytes("x"), -1, null),
                () -> service.files().stat(caller, target, FILE, true),
                () -> service.files().list(caller, target, FILE, entry -> {}),
                () -> service.files().makeDirectory(caller, target, FILE, true, null),
                () -> service.files().delete(caller, target, FILE, true),
                () -> service.openShellSession(caller, target, null, null, Map.of()),
                () -> service.processes().start(caller, target, script("true"), null),
                () -> service.processes().list(caller, target),
                () -> service.processes().get(caller, target, "p1"),
                () -> service.processes().output(caller, target, "p1", OutputSink.Channel.STDERR, 0, 1, wait),
                () -> service.processes().write(caller, target, "p1", bytes("x"), false),
                () -> service.processes().signal(caller, target, "p1", Signal.KILL),
                () -> service.processes().await(caller, target, "p1", wait),
                () -> service.processes().forget(caller, target, "p1"));
    }

    private List<String> ids(Caller caller, @Nullable String owner) {
        return service.list(caller, new SandboxQuery(Map.of(), owner, null, 100)).items().stream()
                .map(SandboxView::id)
                .toList();
    }

    private static SandboxUpdate renewal() {
        return new SandboxUpdate(Map.of("renewed", Optional.of("yes")), null, null);
    }

    private static String changed(String id) {
        char last = id.charAt(20);
        return id.substring(0, 20) + (last == 'a' ? 'b' : 'a') + id.substring(21);
    }
}
