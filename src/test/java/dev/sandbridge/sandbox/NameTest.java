package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.Role;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider.Point;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A name for a sandbox is its owner's, whatever the profiles of those who use it. */
class NameTest extends ServiceSuite {
    /** Another key of Alice's, with a profile of its own. */
    private static final Caller ALICE_SMALL = new Caller(ALICE.owner(), Role.USE, "k9", "small");

    @Test
    void aNameIsFoundInAnotherProfileWhereTheCallNamesNone() {
        Created first = service.create(ALICE, box("small"));

        Created again = service.create(ALICE, box(null));

        assertThat(again.created()).isFalse();
        assertThat(again.sandbox().id()).isEqualTo(first.sandbox().id());
        assertThat(again.sandbox().profile()).isEqualTo("small");
    }

    @Test
    void aNameIsFoundByTwoKeysWithDifferentProfiles() {
        Created first = service.create(ALICE, box(null));
        Created second = service.create(ALICE_SMALL, box(null));

        assertThat(second.created()).isFalse();
        assertThat(second.sandbox().id()).isEqualTo(first.sandbox().id());
        assertThat(provider.list()).hasSize(1);
    }

    @Test
    void aNameOfAnotherProfileThanTheCallNamesIsRefusedWithWhatToDo() {
        service.create(ALICE, box("small"));

        var refused = catchThrowableOfType(SandboxException.class, () -> service.create(ALICE, box("default")));

        assertThat(refused.code()).isEqualTo(ErrorCode.CONFLICT);
        assertThat(refused.text()).contains("profile small");
        assertThat(refused.action()).contains("name that profile", "delete it", "another name");
        assertThat(provider.list()).hasSize(1);
    }

    @Test
    void createsOfOneNameByTwoKeysAtOnceMakeOneSandbox() throws Exception {
        var creates = new ArrayList<CompletableFuture<Created>>();
        for (int i = 0; i < 12; i++) {
            Caller caller = i % 2 == 0 ? ALICE : ALICE_SMALL;
            creates.add(async(() -> service.create(caller, box(null))));
        }
        for (var create : creates) {
            soon(create);
        }

        assertThat(provider.list()).hasSize(1);
    }

    @Test
    void aNameOfASandboxThatHasExpiredElsewhereIsFree() {
        service.create(ALICE, box("small"));
        clock.advance(TTL.plus(Duration.ofSeconds(1)));

        assertThat(service.create(ALICE, box("default")).created()).isTrue();
    }

    @Test
    void aNameThatTheProfileHasIsLookedForNowhereElse() {
        service.create(ALICE, box(null));
        provider.calls();
        service.create(ALICE, box(null));
        int known = Collections.frequency(provider.calls(), Point.FIND);

        service.create(ALICE_SMALL, box(null));

        assertThat(Collections.frequency(provider.calls(), Point.FIND)).isGreaterThan(known);
        assertThat(known).isEqualTo(2);
    }

    @Test
    void aProviderThatCannotWorkHereStandsInNobodysWay() {
        var away = new SandboxException(ErrorCode.CAPABILITY_UNAVAILABLE, "not offered here");
        provider.after(1, Point.FIND, Fault.before(away));

        assertThat(service.create(ALICE, box(null)).created()).isTrue();
    }

    @Test
    void whereItCannotBeKnownWhetherANameIsTakenNoneIsMade() {
        var down = new SandboxException(ErrorCode.PROVIDER_FAILURE, "down");
        provider.after(1, Point.FIND, Fault.before(down));

        assertThat(codeOf(() -> service.create(ALICE, box(null)))).isEqualTo(ErrorCode.PROVIDER_FAILURE);
        assertThat(provider.list()).isEmpty();
    }

    private static CreateSandbox box(@Nullable String profile) {
        return new CreateSandbox(
                "box",
                profile,
                null,
                Map.of(),
                Map.of(),
                null,
                CreateSandbox.TimeoutWishes.NONE,
                CreateSandbox.LimitWishes.NONE,
                List.of());
    }
}
