package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider.Point;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CreateTest extends ServiceSuite {
    @Test
    void createMakesASandboxAsAsked() {
        SandboxView made = make(wish().environment(Map.of("B", "2", "A", "1"))
                .labels(Map.of("team", "blue"))
                .ttl(Duration.ofMinutes(90)));

        assertThat(made.owner()).isEqualTo("alice");
        assertThat(made.profile()).isEqualTo("default");
        assertThat(made.provider()).isEqualTo("host");
        assertThat(made.labels()).isEqualTo(Map.of("team", "blue"));
        assertThat(made.environmentNames()).containsExactly("A", "B");
        assertThat(made.limits()).isEqualTo(DEFAULTS);
        assertThat(made.createdAt()).isEqualTo(clock.instant());
        assertThat(made.expiresAt()).isEqualTo(clock.instant().plus(Duration.ofMinutes(90)));
        assertThat(sh(ref(made), "echo $A$B; pwd | tail -c 11")).isEqualTo("12\n/workspace\n");
        assertThat(service.describe(ALICE, ref(made))).isEqualTo(made);
    }

    @Test
    void theStateOfASandboxTellsItsHolderNothing() {
        SandboxView made = make(wish().environment(Map.of("TOKEN", "hunter2")));

        assertThat(new String(Base64.getUrlDecoder().decode(made.state()), StandardCharsets.ISO_8859_1))
                .doesNotContain("hunter2", "TOKEN");
        assertThat(made.toString()).doesNotContain("hunter2");
    }

    @Test
    void theProfileIsTheRequestsThenTheKeys() {
        var small = new Caller(new OwnerId("carol"), Role.USE, "k9", "small");

        assertThat(service.create(small, wish().request()).sandbox().profile()).isEqualTo("small");
        assertThat(codeOf(() -> service.create(
                        ALICE,
                        new CreateSandbox(
                                null,
                                "none",
                                null,
                                Map.of(),
                                Map.of(),
                                null,
                                CreateSandbox.TimeoutWishes.NONE,
                                CreateSandbox.LimitWishes.NONE,
                                List.of()))))
                .isEqualTo(ErrorCode.INVALID_REQUEST);
    }

    @Test
    void whatIsWrongIsRefusedBeforeAnythingIsTouched() {
        var wrong = new ArrayList<CreateSandbox>(List.of(
                wish().environment(Map.of("1X", "v")).request(),
                wish().environment(Map.of("A B", "v")).request(),
                wish().environment(Map.of("A", "nul\0")).request(),
                wish().environment(Map.of("A", "v".repeat(7000))).request(),
                wish().labels(Map.of("-", "v")).request(),
                wish().labels(Map.of("a", "two\nlines")).request(),
                wish().labels(IntStream.range(0, 65).boxed().collect(Collectors.toMap(i -> "l" + i, i -> "v")))
                        .request(),
                wish().alias("").request(),
                wish().alias("a/b").request(),
                wish().alias("a".repeat(64)).request(),
                wish().ttl(Duration.ZERO).request(),
                wish().ttl(Duration.ofDays(31)).request(),
                wish().ttl(Duration.ofSeconds(Long.MAX_VALUE)).request(),
                wish().timeouts(limits(Duration.ZERO)).request(),
                wish().timeouts(limits(Duration.ofDays(8))).request(),
                wish().timeouts(limits(Duration.ofSeconds(Long.MAX_VALUE))).request()));
        wrong.add(request(new CreateSandbox.LimitWishes(5L << 30, null, null, null, null), List.of()));
        wrong.add(request(new CreateSandbox.LimitWishes(null, 1, null, null, null), List.of()));
        wrong.add(request(new CreateSandbox.LimitWishes(null, null, -5, null, null), List.of()));
        wrong.add(request(CreateSandbox.LimitWishes.NONE, List.of(0)));
        wrong.add(request(CreateSandbox.LimitWishes.NONE, List.of(65536)));
        provider.calls();

        for (CreateSandbox request : wrong) {
            assertThat(codeOf(() -> service.create(ALICE, request)))
                    .as(request.toString())
                    .isIn(ErrorCode.INVALID_REQUEST, ErrorCode.LIMIT_OUT_OF_RANGE);
        }

        assertThat(provider.calls()).isEmpty();
    }

    @Test
    void anImageIsRefusedWhereTheProfileDoesNotAllowIt() {
        var request = new CreateSandbox(
                null,
                null,
                "debian",
                Map.of(),
                Map.of(),
                null,
                CreateSandbox.TimeoutWishes.NONE,
                CreateSandbox.LimitWishes.NONE,
                List.of());

        assertThat(codeOf(() -> service.create(ALICE, request))).isEqualTo(ErrorCode.CAPABILITY_UNAVAILABLE);
    }

    @Test
    void aNameIsCreatedOnceAndThenFound() {
        Created first = service.create(ALICE, wish().alias("box").request());
        write(ref(first.sandbox()), "kept", "x");

        Created again = service.create(ALICE, wish().alias("box").request());

        assertThat(first.created()).isTrue();
        assertThat(again.created()).isFalse();
        assertThat(again.sandbox().id()).isEqualTo(first.sandbox().id());
        assertThat(read(ref(again.sandbox()), "kept")).isEqualTo("x");
    }

    @Test
    void aNameIsItsOwnersAlone() {
        var alices = service.create(ALICE, wish().alias("box").request());
        var bobs = service.create(BOB, wish().alias("box").request());

        assertThat(bobs.created()).isTrue();
        assertThat(bobs.sandbox().id()).isNotEqualTo(alices.sandbox().id());
    }

    @Test
    void manyCreatesOfOneNameAtOnceMakeOneSandbox() throws Exception {
        var creates = new ArrayList<CompletableFuture<Created>>();
        for (int i = 0; i < 12; i++) {
            creates.add(async(() -> service.create(ALICE, wish().alias("box").request())));
        }
        var made = new ArrayList<Created>();
        for (var create : creates) {
            made.add(soon(create));
        }

        assertThat(made)
                .extracting(created -> created.sandbox().id())
                .containsOnly(made.getFirst().sandbox().id());
        assertThat(made).filteredOn(Created::created).hasSize(1);
        assertThat(provider.list()).hasSize(1);
    }

    @Test
    void aNameIsFoundAfterTheSecretsRotatedAndTheServiceRestarted() {
        var first = service.create(ALICE, wish().alias("box").request());

        secrets.rotate();
        restart();
        var again = service.create(ALICE, wish().alias("box").request());

        assertThat(again.created()).isFalse();
        assertThat(again.sandbox().id()).isEqualTo(first.sandbox().id());
        assertThat(sh(ref(first.sandbox()), "echo still")).isEqualTo("still\n");
    }

    @Test
    void aNameCanBeUsedAgainAfterDelete() {
        var first = service.create(ALICE, wish().alias("box").request());
        write(ref(first.sandbox()), "old", "x");
        service.delete(ALICE, ref(first.sandbox()));

        var second = service.create(ALICE, wish().alias("box").request());

        assertThat(second.created()).isTrue();
        assertThat(codeOf(() -> read(ref(second.sandbox()), "old"))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
    }

    @Test
    void findingANameIsAUse() {
        var made = make(wish().alias("box").ttl(Duration.ofHours(1)));
        clock.advance(Duration.ofMinutes(50));

        SandboxView found = make(wish().alias("box"));

        assertThat(found.expiresAt()).isEqualTo(made.expiresAt().plus(Duration.ofMinutes(50)));
    }

    @Test
    void aNameWhoseSandboxIsSweptAtThatMomentIsMadeAnew() {
        make(wish().alias("box"));
        clock.advance(TTL.plusSeconds(1));
        // The sweep comes between finding the sandbox and entering it.
        provider.next(Point.FIND, Fault.then(service::deleteExpired));

        var again = service.create(ALICE, wish().alias("box").request());

        assertThat(again.created()).isTrue();
        assertThat(service.running(ALICE, ref(again.sandbox()))).isTrue();
    }

    @Test
    void anOwnerHasAtMostSoManySandboxesAlsoWhenTheyAreMadeAtOnce() throws Exception {
        var creates = new ArrayList<CompletableFuture<SandboxView>>();
        for (int i = 0; i < MAX_PER_OWNER + 6; i++) {
            creates.add(async(this::make));
        }
        int made = 0;
        for (var create : creates) {
            try {
                soon(create);
                made++;
            } catch (ExecutionException refused) {
                assertThat(refused.getCause())
                        .isInstanceOfSatisfying(SandboxException.class, cause -> assertThat(cause.code())
                                .isEqualTo(ErrorCode.CAPACITY_EXCEEDED));
            }
        }

        assertThat(made).isEqualTo(MAX_PER_OWNER);
        assertThat(provider.list()).hasSize(MAX_PER_OWNER);
        service.create(BOB, wish().request());
        service.delete(
                ALICE,
                new SandboxRef(
                        provider.list().stream()
                                .filter(spec -> spec.owner().equals("alice"))
                                .findFirst()
                                .orElseThrow()
                                .id(),
                        null));
        make();
    }

    @Test
    void revivalKeepsToTheNumberToo() {
        SandboxView gone = make();
        service.delete(ALICE, ref(gone));
        for (int i = 0; i < MAX_PER_OWNER; i++) {
            make();
        }

        assertThat(codeOf(() -> run(ref(gone), script("true")))).isEqualTo(ErrorCode.CAPACITY_EXCEEDED);
    }

    @Test
    void aCreateThatFailsTellsWhyAndLeavesNothing() {
        var failure = new SandboxException(ErrorCode.POOL_ERROR, "no");
        provider.next(Point.CREATE, Fault.before(failure));

        assertThat(catchThrowableOfType(SandboxException.class, this::make)).isSameAs(failure);
        assertThat(provider.list()).isEmpty();
    }

    @Test
    void aCreateThatFailsAfterItsEffectIsUndone() {
        var failure = new SandboxException(ErrorCode.POOL_ERROR, "the answer was lost");
        provider.next(Point.CREATE, Fault.after(failure));

        assertThat(catchThrowableOfType(SandboxException.class, this::make)).isSameAs(failure);
        assertThat(provider.list()).isEmpty();
    }

    @Test
    void aCreateThatCannotBeUndoneKeepsBothCausesAndGoesAtItsExpiry() {
        var failure = new SandboxException(ErrorCode.POOL_ERROR, "the answer was lost");
        var second = new SandboxException(ErrorCode.PROVIDER_FAILURE, "nor can it be removed");
        provider.next(Point.CREATE, Fault.after(failure)).next(Point.DELETE, Fault.before(second));

        assertThat(catchThrowableOfType(SandboxException.class, this::make)).isSameAs(failure);

        assertThat(failure.getSuppressed()).containsExactly(second);
        assertThat(provider.list()).hasSize(1);
        clock.advance(TTL.plusSeconds(1));
        assertThat(service.deleteExpired()).isEqualTo(1);
        assertThat(provider.list()).isEmpty();
    }

    @Test
    void aCreateThatTakesTooLongIsGivenUpAndUndone() {
        provider.next(Point.CREATE, Fault.hangAfter());

        assertThat(codeOf(this::make)).isEqualTo(ErrorCode.OPERATION_TIMEOUT);
        assertThat(provider.list()).isEmpty();
        make();
    }

    @Test
    void aNameThatAnotherServiceJustMadeIsFound() {
        SandboxView theirs = make(wish().alias("box"));
        // Ours looks before theirs is there, and creates after.
        var none = Fault.answer(Optional.empty());
        provider.next(Point.FIND, none).next(Point.FIND, none);

        Created ours = service.create(ALICE, wish().alias("box").request());

        assertThat(ours.created()).isFalse();
        assertThat(ours.sandbox().id()).isEqualTo(theirs.id());
    }

    private static CreateSandbox.TimeoutWishes limits(Duration fastOp) {
        return new CreateSandbox.TimeoutWishes(null, null, null, null, null, fastOp);
    }

    private static CreateSandbox request(CreateSandbox.LimitWishes limits, List<Integer> ports) {
        return new CreateSandbox(
                null, null, null, Map.of(), Map.of(), null, CreateSandbox.TimeoutWishes.NONE, limits, ports);
    }
}
