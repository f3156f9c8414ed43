package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider.Point;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** Runs that remove expired sandboxes: bounded, repeatable, and told in numbers. */
class ReapTest extends ServiceSuite {
    private static final Duration HOUR = Duration.ofHours(1);

    @Test
    void noRunTakesWhatStillLives() {
        assertThatThrownBy(() -> new Reaping(1, Duration.ofSeconds(-1), Map.of(), () -> true))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aRunRemovesAtMostItsLimitAndTheNextOnesTheRest() {
        makeExpired(5);

        assertThat(service.reap(wish(2, Duration.ZERO, Map.of(), () -> true))).isEqualTo(reaped(5, 2, 0, 3));
        assertThat(service.reap(wish(2, Duration.ZERO, Map.of(), () -> true))).isEqualTo(reaped(3, 2, 0, 1));
        assertThat(service.reap(wish(2, Duration.ZERO, Map.of(), () -> true))).isEqualTo(reaped(1, 1, 0, 0));
        assertThat(service.reap(wish(2, Duration.ZERO, Map.of(), () -> true))).isEqualTo(reaped(0, 0, 0, 0));
    }

    @Test
    void aRunWhoseTimeIsUpLeavesTheRest() {
        makeExpired(3);
        var reaped = service.reap(wish(100, Duration.ZERO, Map.of(), () -> false));

        assertThat(reaped).isEqualTo(reaped(3, 1, 0, 2));
        assertThat(provider.list()).hasSize(2);
    }

    @Test
    void whatHasJustExpiredIsLeftAloneDuringTheGrace() {
        makeExpired(1);

        assertThat(service.reap(wish(100, Duration.ofMinutes(15), Map.of(), () -> true)))
                .isEqualTo(reaped(0, 0, 0, 0));
        clock.advance(Duration.ofMinutes(15));
        assertThat(service.reap(wish(100, Duration.ofMinutes(15), Map.of(), () -> true)))
                .isEqualTo(reaped(1, 1, 0, 0));
    }

    @Test
    void labelsChooseAmongTheExpired() {
        make(wish().ttl(HOUR).labels(Map.of("team", "blue")));
        make(wish().ttl(HOUR).labels(Map.of("team", "red")));
        clock.advance(HOUR.plusSeconds(1));

        assertThat(service.reap(wish(100, Duration.ZERO, Map.of("team", "blue"), () -> true)))
                .isEqualTo(reaped(1, 1, 0, 0));
        assertThat(provider.list()).singleElement().satisfies(spec -> assertThat(spec.labels())
                .containsEntry("team", "red"));
    }

    @Test
    void whatIsInUseStaysAndIsCounted() {
        SandboxView used = make(wish().ttl(HOUR));
        make(wish().ttl(HOUR));
        try (var running = service.exec(ALICE, ref(used), script("sleep 300"))) {
            clock.advance(HOUR.plusSeconds(1));

            assertThat(service.reap(Reaping.ALL)).isEqualTo(reaped(2, 1, 1, 0));
            running.cancel();
        }
    }

    @Test
    void oneThatFailsIsToldAndStopsNoOther() {
        makeExpired(3);
        var failure = new SandboxException(ErrorCode.PROVIDER_FAILURE, "stuck");
        provider.next(Point.DELETE, Fault.before(failure));

        var reaped = service.reap(Reaping.ALL);

        assertThat(reaped.failures()).containsExactly(failure);
        assertThat(reaped.removed()).isEqualTo(2);
        assertThat(service.reap(Reaping.ALL)).isEqualTo(reaped(1, 1, 0, 0));
    }

    @Test
    void oneThatSomebodyElseRemovesMeanwhileCountsAsGone() {
        makeExpired(1);
        provider.next(Point.DELETE, Fault.after(new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "gone already")));

        assertThat(service.reap(Reaping.ALL)).isEqualTo(reaped(1, 1, 0, 0));
    }

    private void makeExpired(int count) {
        for (int i = 0; i < count; i++) {
            make(wish().ttl(HOUR));
        }
        clock.advance(HOUR.plusSeconds(1));
    }

    private static Reaping wish(int limit, Duration grace, Map<String, String> labels, BooleanSupplier goesOn) {
        return new Reaping(limit, grace, labels, goesOn);
    }

    private static Reaped reaped(int expired, int removed, int inUse, int left) {
        return new Reaped(expired, removed, inUse, left, List.of());
    }
}
