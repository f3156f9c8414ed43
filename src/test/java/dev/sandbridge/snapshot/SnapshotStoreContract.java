package dev.sandbridge.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.snapshot.SnapshotStore.Facts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every {@link SnapshotStore} keeps. */
public abstract class SnapshotStoreContract {
    protected static final Instant NOON = Instant.parse("2030-01-31T12:00:00.123456Z");

    private SnapshotStore store;

    /** The store as a service finds it that has just started. */
    protected abstract SnapshotStore open() throws IOException;

    @BeforeEach
    void openStore() throws IOException {
        store = open();
    }

    protected final SnapshotStore store() {
        return store;
    }

    protected static Snapshot put(SnapshotStore store, String owner, String sandbox, Instant at, String content)
            throws IOException {
        try (var draft = store.begin()) {
            draft.archive().write(content.getBytes(UTF_8));
            return draft.publish(new Facts(owner, sandbox, at, "m-" + content, 3, content.length()));
        }
    }

    protected static String content(SnapshotStore store, Snapshot snapshot) throws IOException {
        try (var in = store.open(snapshot)) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    @Test
    void whatIsPublishedIsFoundListedAndRead() throws IOException {
        var snapshot = put(store, "alice", "box", NOON, "content");

        assertThat(snapshot.size()).isEqualTo(7);
        assertThat(snapshot.sha256()).isEqualTo("ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73");
        assertThat(snapshot.manifest()).isEqualTo("m-content");
        assertThat(store.find("alice", snapshot.id())).contains(snapshot);
        assertThat(store.list("alice", "box")).containsExactly(snapshot);
        assertThat(content(store, snapshot)).isEqualTo("content");
        assertThat(open().find("alice", snapshot.id())).as("after a restart").contains(snapshot);
        assertThat(content(open(), snapshot)).isEqualTo("content");
    }

    @Test
    void nothingIsSeenBeforeItIsPublishedAndNothingStaysOfWhatIsNot() throws IOException {
        try (var draft = store.begin()) {
            draft.archive().write(new byte[100_000]);
            assertThat(store.list("alice", "box")).isEmpty();
        }
        var left = store.begin();
        left.archive().write(new byte[100_000]);
        left.archive().flush();

        assertThat(open().list("alice", "box")).isEmpty();
        assertThat(store.olderThan(Instant.MAX)).isEmpty();
    }

    @Test
    void anotherOwnersSnapshotIsNone() throws IOException {
        var snapshot = put(store, "alice", "box", NOON, "secret");

        assertThat(store.find("bob", snapshot.id())).isEmpty();
        assertThat(store.list("bob", "box")).isEmpty();
        assertThat(store.delete("bob", snapshot.id())).isFalse();
        assertThat(content(store, snapshot)).isEqualTo("secret");
    }

    @Test
    void idsThatNeverWereAreNone() throws IOException {
        put(store, "alice", "box", NOON, "x");
        for (String id : List.of("", ".", "..", "../x", "a/b", "0".repeat(32), "\0", "x".repeat(500))) {
            assertThat(store.find("alice", id)).as(id).isEmpty();
            assertThat(store.delete("alice", id)).as(id).isFalse();
        }
    }

    @Test
    void aListIsOfOneSandboxNewestFirst() throws IOException {
        var first = put(store, "alice", "box", NOON, "1");
        var third = put(store, "alice", "box", NOON.plusSeconds(2), "3");
        var second = put(store, "alice", "box", NOON.plusSeconds(1), "2");
        put(store, "alice", "other", NOON, "4");

        assertThat(store.list("alice", "box")).containsExactly(third, second, first);
    }

    @Test
    void snapshotsOfTheSameContentLiveOnWhenOneGoes() throws IOException {
        var one = put(store, "alice", "box", NOON, "same");
        var two = put(store, "alice", "box", NOON.plusSeconds(1), "same");
        var bobs = put(store, "bob", "box", NOON, "same");

        assertThat(store.delete("alice", one.id())).isTrue();

        assertThat(store.delete("alice", one.id())).isFalse();
        assertThat(content(store, two)).isEqualTo("same");
        assertThat(store.delete("alice", two.id())).isTrue();
        assertThat(content(open(), bobs)).isEqualTo("same");
        assertThatThrownBy(() -> content(store, two)).isInstanceOf(IOException.class);
    }

    @Test
    void whoReadsReadsToTheEndWhateverIsDeleted() throws IOException {
        var snapshot = put(store, "alice", "box", NOON, "x".repeat(500_000));
        try (var in = store.open(snapshot)) {
            assertThat(in.readNBytes(10)).hasSize(10);
            store.delete("alice", snapshot.id());
            assertThat(in.readAllBytes()).hasSize(499_990);
        }
    }

    @Test
    void theNewestOfASandboxIsNeverTooOld() throws IOException {
        var old = put(store, "alice", "box", NOON, "1");
        put(store, "alice", "box", NOON.plusSeconds(1), "2");
        put(store, "alice", "lonely", NOON, "3");
        var bobs = put(store, "bob", "box", NOON, "4");
        put(store, "bob", "box", NOON.plus(Duration.ofDays(9)), "5");

        assertThat(store.olderThan(NOON.plusSeconds(100))).containsExactlyInAnyOrder(old, bobs);
        assertThat(store.olderThan(NOON)).isEmpty();
    }

    @Test
    void manyAtOnceAreAllKept() {
        var made = new ArrayList<>(IntStream.range(0, 40)
                .parallel()
                .mapToObj(i -> {
                    try {
                        return put(store, "alice", "box", NOON.plusSeconds(i), "content " + i % 5);
                    } catch (IOException failed) {
                        throw new UncheckedIOException(failed);
                    }
                })
                .toList());
        var gone =
                made.stream().filter(snapshot -> snapshot.hashCode() % 2 == 0).toList();
        gone.parallelStream().forEach(snapshot -> {
            try {
                assertThat(store.delete("alice", snapshot.id())).isTrue();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
        made.removeAll(gone);

        made.forEach(snapshot -> {
            try {
                assertThat(content(store, snapshot)).startsWith("content ");
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
    }
}
