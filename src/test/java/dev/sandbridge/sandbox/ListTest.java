package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ListTest extends ServiceSuite {
    @Test
    void aListIsOrderedByCreationAndPaged() {
        var made = new ArrayList<String>();
        for (int i = 0; i < 7; i++) {
            made.add(make().id());
            clock.advance(Duration.ofMillis(1));
        }

        var seen = new ArrayList<String>();
        var sizes = new ArrayList<Integer>();
        Page<SandboxView> page = list(Map.of(), null, 3);
        while (true) {
            page.items().forEach(item -> seen.add(item.id()));
            sizes.add(page.items().size());
            if (page.next() == null) {
                break;
            }
            page = list(Map.of(), page.next(), 3);
        }

        assertThat(seen).isEqualTo(made);
        assertThat(sizes).containsExactly(3, 3, 1);
    }

    @Test
    void sandboxesOfTheSameMillisecondAreEachListedOnce() {
        var made = new ArrayList<String>();
        for (int i = 0; i < 8; i++) {
            clock.advance(Duration.ofNanos(100_000));
            made.add(make().id());
        }

        var seen = new ArrayList<String>();
        for (String cursor = ""; cursor != null; ) {
            Page<SandboxView> page = list(Map.of(), cursor.isEmpty() ? null : cursor, 1);
            page.items().forEach(item -> seen.add(item.id()));
            cursor = page.next();
        }

        assertThat(seen).containsExactlyInAnyOrderElementsOf(made);
    }

    @Test
    void whatIsMadeOrRemovedMeanwhileShiftsNothing() {
        var made = new ArrayList<SandboxView>();
        for (int i = 0; i < 6; i++) {
            made.add(make());
            clock.advance(Duration.ofMillis(1));
        }
        Page<SandboxView> first = list(Map.of(), null, 3);

        service.delete(ALICE, ref(made.get(0)));
        service.delete(ALICE, ref(made.get(2)));
        service.delete(ALICE, ref(made.get(4)));
        SandboxView late = make();

        assertThat(list(Map.of(), first.next(), 9).items())
                .extracting(SandboxView::id)
                .containsExactly(made.get(3).id(), made.get(5).id(), late.id());
    }

    @Test
    void aLastPageThatIsFullHasNoNext() {
        make();
        make();

        assertThat(list(Map.of(), null, 2).next()).isNull();
        assertThat(list(Map.of(), null, 1).next()).isNotNull();
    }

    @Test
    void oneSandboxWhoseStateCannotBeReadIsListedKeepsNoOtherFromBeingAndCanBeDeleted() {
        SandboxView sound = make();
        clock.advance(Duration.ofMillis(1));
        SandboxView damaged = make(wish().labels(Map.of("a", "b")));
        var handle = provider.list().stream()
                .filter(spec -> spec.id().equals(damaged.id()))
                .findFirst()
                .flatMap(spec -> provider.find(spec.name()))
                .orElseThrow();
        handle.update(Map.of("a", "b"), "damaged", damaged.expiresAt());

        assertThat(list(Map.of(), null, 10).items())
                .extracting(SandboxView::id)
                .containsExactly(sound.id(), damaged.id());
        assertThat(list(Map.of("a", "b"), null, 10).items().getFirst().labels()).containsEntry("a", "b");
        assertThat(codeOf(() -> sh(ref(damaged), "true"))).isEqualTo(ErrorCode.PROVIDER_FAILURE);
        assertThat(codeOf(() -> service.describe(ALICE, ref(damaged)))).isEqualTo(ErrorCode.PROVIDER_FAILURE);

        service.delete(ALICE, ref(damaged));

        assertThat(sh(ref(damaged), "echo fresh")).isEqualTo("fresh\n");
    }

    @Test
    void aPageIsNotShortenedByWhatARetiredSecretSigned() {
        int version = secrets.versions().getFirst();
        make();
        secrets.rotate();
        SandboxView one = make();
        clock.advance(Duration.ofMillis(1));
        SandboxView two = make();
        secrets.retire(version);

        Page<SandboxView> page = list(Map.of(), null, 1);

        assertThat(page.items()).extracting(SandboxView::id).containsExactly(one.id());
        Page<SandboxView> last = list(Map.of(), page.next(), 1);
        assertThat(last.items()).extracting(SandboxView::id).containsExactly(two.id());
        assertThat(last.next()).isNull();
    }

    @Test
    void allLabelsAskedForMustBeThere() {
        SandboxView both = make(wish().labels(Map.of("team", "blue", "env", "test")));
        SandboxView one = make(wish().labels(Map.of("team", "blue")));
        make(wish().labels(Map.of("team", "red")));

        assertThat(list(Map.of("team", "blue"), null, 10).items())
                .extracting(SandboxView::id)
                .containsExactlyInAnyOrder(both.id(), one.id());
        assertThat(list(Map.of("team", "blue", "env", "test"), null, 10).items())
                .extracting(SandboxView::id)
                .containsExactly(both.id());
        assertThat(list(Map.of("team", "green"), null, 10).items()).isEmpty();
    }

    @Test
    void limitsAndCursorsAreCheckedAlsoWhenThereIsNothingToList() {
        for (int limit : new int[] {0, -1, 1001}) {
            assertThat(codeOf(() -> list(Map.of(), null, limit))).isEqualTo(ErrorCode.INVALID_REQUEST);
        }
        for (String cursor :
                List.of("", "x", "1-", "1-A", "-1-" + "a".repeat(30), "9".repeat(20) + "-" + "a".repeat(30))) {
            assertThat(codeOf(() -> list(Map.of(), cursor, 10))).as(cursor).isEqualTo(ErrorCode.INVALID_REQUEST);
        }
    }

    @Test
    void labelsAreAddedReplacedAndRemovedAndLastOverARestart() {
        var sandbox = ref(make(wish().labels(Map.of("a", "1", "b", "2", "c", "3"))));

        service.update(
                ALICE,
                sandbox,
                new SandboxUpdate(
                        Map.of(
                                "a",
                                Optional.empty(),
                                "b",
                                Optional.of("new"),
                                "d",
                                Optional.of("4"),
                                "x",
                                Optional.empty()),
                        null,
                        null));

        var expected = Map.of("b", "new", "c", "3", "d", "4");
        assertThat(service.describe(ALICE, sandbox).labels()).isEqualTo(expected);
        assertThat(list(Map.of("d", "4"), null, 10).items()).hasSize(1);
        restart();
        assertThat(service.describe(ALICE, sandbox).labels()).isEqualTo(expected);
    }

    @Test
    void labelsThatBreakTheRulesAreRefusedAndChangeNothing() {
        SandboxView made = make(wish().labels(Map.of("kept", "1")));
        var tooMany = new HashMap<String, Optional<String>>();
        for (int i = 0; i < 64; i++) {
            tooMany.put("l" + i, Optional.of("v"));
        }
        var wrong = List.<Map<String, Optional<String>>>of(
                tooMany,
                Map.of("", Optional.of("v")),
                Map.of(".a", Optional.of("v")),
                Map.of("a.", Optional.of("v")),
                Map.of("a b", Optional.of("v")),
                Map.of("a".repeat(64), Optional.of("v")),
                Map.of("a", Optional.of("v".repeat(256))),
                Map.of("a", Optional.of("two\nlines")),
                Map.of("a", Optional.of("\0")));

        for (var labels : wrong) {
            assertThat(codeOf(() -> service.update(ALICE, ref(made), new SandboxUpdate(labels, null, null))))
                    .isEqualTo(ErrorCode.INVALID_REQUEST);
        }
        assertThat(service.describe(ALICE, ref(made)).labels()).isEqualTo(Map.of("kept", "1"));
        service.update(
                ALICE,
                ref(made),
                new SandboxUpdate(Map.of("a/b.c_d-e", Optional.of("ü 😀 " + "v".repeat(200))), null, null));
    }

    private Page<SandboxView> list(Map<String, String> labels, @Nullable String cursor, int limit) {
        return service.list(ALICE, new SandboxQuery(labels, null, cursor, limit));
    }
}
