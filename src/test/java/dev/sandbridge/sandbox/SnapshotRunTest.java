package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider.Point;
import dev.sandbridge.snapshot.Snapshot;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Snapshots of many sandboxes, taken by the service itself. */
class SnapshotRunTest extends ServiceSuite {
    private static final Duration LONG = Duration.ofHours(1);

    private SandboxRef box(Map<String, String> labels, String content) {
        SandboxRef box = ref(make(wish().labels(labels)));
        write(box, "f", content);
        return box;
    }

    private SnapshotService.RunReport run(
            @Nullable List<String> ids, Map<String, String> labels, int limit, Supplier<Duration> left) {
        return service.snapshotAll(new SnapshotService.Run(ids, labels, limit, left));
    }

    private SnapshotService.RunReport runAll() {
        return run(null, Map.of(), 100, () -> LONG);
    }

    private SnapshotService.RunReport runOf(SandboxRef... boxes) {
        return run(Arrays.stream(boxes).map(SandboxRef::id).toList(), Map.of(), 100, () -> LONG);
    }

    private List<Snapshot> snapshotsOf(SandboxRef box) {
        return service.snapshots().list(ALICE, box);
    }

    private static SnapshotService.RunReport counts(int found, int taken, int unchanged, int skipped, int left) {
        return new SnapshotService.RunReport(found, taken, unchanged, skipped, left, List.of());
    }

    @Test
    void whatChangedSinceItsNewestSnapshotGetsOneAndNothingElseDoes() {
        var one = box(Map.of(), "one");
        var two = box(Map.of(), "two");

        assertThat(runAll()).isEqualTo(counts(2, 2, 0, 0, 0));
        clock.advance(Duration.ofSeconds(1));
        assertThat(runAll()).as("again").isEqualTo(counts(2, 0, 2, 0, 0));
        write(two, "f", "changed");
        assertThat(runAll()).isEqualTo(counts(2, 1, 1, 0, 0));

        assertThat(snapshotsOf(one)).hasSize(1);
        assertThat(snapshotsOf(two)).hasSize(2);
        service.snapshots().restore(ALICE, one, snapshotsOf(two).getFirst().id());
        assertThat(read(one, "f")).isEqualTo("changed");
    }

    @Test
    void aSnapshotThatTheOwnerTookCountsToo() {
        var box = box(Map.of(), "one");
        service.snapshots().create(ALICE, box);

        assertThat(runOf(box)).isEqualTo(counts(1, 0, 1, 0, 0));
    }

    @Test
    void whatWasThereBeforeTheLastOneIsKeptAgain() {
        var box = box(Map.of(), "one");
        for (String content : List.of("one", "two", "one")) {
            write(box, "f", content);
            assertThat(runAll().taken()).isEqualTo(1);
            clock.advance(Duration.ofSeconds(1));
        }

        assertThat(snapshotsOf(box)).hasSize(3);
    }

    @Test
    void runsAtTheSameTimeTakeOneBetweenThem() throws Exception {
        var box = box(Map.of(), "x".repeat(100_000));
        var runs = List.of(async(() -> runOf(box)), async(() -> runOf(box)), async(this::runAll));
        int taken = 0;
        for (var run : runs) {
            taken += soon(run).taken();
        }

        assertThat(taken).isEqualTo(1);
        assertThat(snapshotsOf(box)).hasSize(1);
    }

    @Test
    void snapshotsBelongToTheOwnersOfTheirSandboxes() {
        var alices = box(Map.of(), "alice's");
        var bobs =
                new SandboxRef(service.create(BOB, wish().request()).sandbox().id(), null);

        assertThat(runAll().taken()).isEqualTo(2);

        assertThat(service.snapshots().list(BOB, bobs)).hasSize(1);
        assertThat(snapshotsOf(alices)).hasSize(1);
        assertThat(codeOf(() -> service.snapshots().list(BOB, alices))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
    }

    @Test
    void noSandboxIsBroughtBack() {
        var deleted = box(Map.of(), "gone");
        service.delete(ALICE, deleted);
        var expired = box(Map.of(), "expired");
        clock.advance(TTL.plusSeconds(1));

        assertThat(runOf(deleted, expired)).isEqualTo(counts(2, 0, 0, 2, 0));
        assertThat(runAll()).isEqualTo(counts(0, 0, 0, 0, 0));
        assertThat(service.running(ALICE, deleted)).isFalse();
        assertThat(service.running(ALICE, expired)).isFalse();
        assertThat(snapshotsOf(expired)).isEmpty();
    }

    @Test
    void noSandboxLivesLongerForIt() {
        var box = box(Map.of(), "x");
        var expiry = service.describe(ALICE, box).expiresAt();
        clock.advance(Duration.ofHours(3));

        assertThat(runOf(box).taken()).isEqualTo(1);

        assertThat(service.describe(ALICE, box).expiresAt()).isEqualTo(expiry);
    }

    @Test
    void labelsChooseAmongThem() {
        var blue = box(Map.of("team", "blue"), "b");
        var red = box(Map.of("team", "red"), "r");

        assertThat(run(null, Map.of("team", "blue"), 100, () -> LONG)).isEqualTo(counts(1, 1, 0, 0, 0));
        assertThat(run(List.of(red.id(), blue.id()), Map.of("team", "blue"), 100, () -> LONG))
                .isEqualTo(counts(2, 0, 1, 1, 0));
        assertThat(snapshotsOf(red)).isEmpty();
    }

    @Test
    void aRunEndsAtItsLimitAndWhenItsTimeIsUp() {
        for (int i = 0; i < 3; i++) {
            box(Map.of(), "content " + i);
        }
        Queue<Duration> left = new ArrayDeque<>(List.of(LONG, LONG, Duration.ofSeconds(-1)));

        assertThat(run(null, Map.of(), 1, () -> LONG)).isEqualTo(counts(3, 1, 0, 0, 2));
        assertThat(run(null, Map.of(), 100, left::remove).left()).isEqualTo(1);
    }

    @Test
    void oneThatFailsStopsNoOther() {
        var one = box(Map.of(), "one");
        var two = box(Map.of(), "two");
        provider.next(Point.FIND, Fault.before(new SandboxException(ErrorCode.PROVIDER_FAILURE, "stuck")));
        String forged = one.id().substring(0, 40)
                + (one.id().charAt(40) == 'a' ? 'b' : 'a')
                + one.id().substring(41);

        var ran = runOf(one, new SandboxRef(forged, null), two);

        assertThat(ran.failures())
                .extracting(failure -> ((SandboxException) failure).code())
                .containsExactly(ErrorCode.SANDBOX_NOT_FOUND, ErrorCode.PROVIDER_FAILURE);
        assertThat(ran.taken()).isEqualTo(1);
        assertThat(snapshotsOf(two)).hasSize(1);
        assertThat(snapshotsOf(one)).isEmpty();
    }

    @Test
    void aProviderThatCannotListIsAFailureOfTheRun() {
        box(Map.of(), "x");
        provider.next(Point.LIST, Fault.before(new SandboxException(ErrorCode.PROVIDER_FAILURE, "stuck")));

        assertThat(runAll().failures()).hasSize(1);
    }

    @Test
    void moreThanAreKeptGiveWay() {
        var box = box(Map.of(), "x");
        for (int i = 0; i <= SNAPSHOTS_KEPT; i++) {
            write(box, "f", "content " + i);
            runAll();
            clock.advance(Duration.ofSeconds(1));
        }

        assertThat(snapshotsOf(box)).hasSize(SNAPSHOTS_KEPT);
    }
}
