package dev.sandbridge.snapshot.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.snapshot.Snapshot;
import dev.sandbridge.snapshot.SnapshotStore;
import dev.sandbridge.snapshot.SnapshotStore.Facts;
import dev.sandbridge.snapshot.SnapshotStoreContract;
import java.io.IOException;
import java.net.URI;
import java.nio.file.NoSuchFileException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Snapshots in a bucket, against a server of its API that checks signatures. */
class S3SnapshotStoreTest extends SnapshotStoreContract {
    private static final AtomicInteger BUCKETS = new AtomicInteger();

    private final S3Server server = S3Server.get();
    private final S3Client client = server.client();
    private final String bucket = server.bucket("snapshots-" + BUCKETS.incrementAndGet());

    @AfterEach
    void close() {
        client.close();
    }

    @BeforeEach
    void somethingElseIsInTheBucket() {
        client.putObject(put -> put.bucket(bucket).key("other/archives/x"), RequestBody.fromString("not ours"));
    }

    @Override
    protected SnapshotStore open() {
        return open(Clock.systemUTC());
    }

    private SnapshotStore open(Clock clock) {
        return new S3SnapshotStore(new S3Options(bucket, "kept/", null, server.endpoint()), clock, new SecureRandom());
    }

    private List<String> keys() {
        return client.listObjectsV2(list -> list.bucket(bucket).prefix("kept/")).contents().stream()
                .map(S3Object::key)
                .toList();
    }

    private int uploads() {
        return client.listMultipartUploads(list -> list.bucket(bucket))
                .uploads()
                .size();
    }

    private static byte[] noise(int length) {
        var bytes = new byte[length];
        new Random(11).nextBytes(bytes);
        return bytes;
    }

    private static Snapshot put(SnapshotStore store, byte[] content) throws IOException {
        try (var draft = store.begin()) {
            for (int at = 0; at < content.length; at += 100_000) {
                draft.archive().write(content, at, Math.min(100_000, content.length - at));
            }
            return draft.publish(new Facts("alice", "box", NOON, "m", 1, content.length));
        }
    }

    @Test
    void anArchiveOfSeveralPartsComesBackAsItWas() throws IOException {
        for (int size : List.of(S3Draft.PART - 1, S3Draft.PART, 2 * S3Draft.PART + 12_345)) {
            byte[] content = noise(size);
            var snapshot = put(store(), content);
            try (var in = store().open(snapshot)) {
                assertThat(in.readAllBytes()).isEqualTo(content);
            }
        }
        assertThat(uploads()).isZero();
    }

    @Test
    void anEmptyArchiveIsOneToo() throws IOException {
        var snapshot = put(store(), new byte[0]);

        try (var in = store().open(snapshot)) {
            assertThat(in.readAllBytes()).isEmpty();
        }
    }

    @Test
    void whatIsNotPublishedLeavesNothing() throws IOException {
        try (var draft = store().begin()) {
            draft.archive().write(noise(2 * S3Draft.PART));
            assertThat(uploads()).as("on its way").isEqualTo(1);
        }

        assertThat(keys()).isEmpty();
        assertThat(uploads()).isZero();
    }

    @Test
    void whatADeadlineInterruptedLeavesNothingEither() throws IOException {
        try {
            var draft = store().begin();
            draft.archive().write(noise(2 * S3Draft.PART));
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> draft.archive().write(noise(2 * S3Draft.PART)))
                    .isInstanceOf(IOException.class);
            draft.close();
            assertThat(Thread.currentThread().isInterrupted())
                    .as("it is told on")
                    .isTrue();
        } finally {
            Thread.interrupted();
        }

        assertThat(keys()).isEmpty();
        assertThat(uploads()).isZero();
    }

    @Test
    void anArchiveThatIsNotWhatWasStoredHasNoEnd() throws IOException {
        var changed = put(store(), noise(300_000));
        var cut = put(store(), noise(300_000));
        var longer = put(store(), noise(300_000));
        spoil(changed, noise(300_001), 1, 300_001);
        spoil(cut, noise(300_000), 0, 299_999);
        spoil(longer, noise(300_001), 0, 300_001);

        for (Snapshot spoilt : List.of(changed, cut, longer)) {
            try (var in = store().open(spoilt)) {
                assertThatThrownBy(in::readAllBytes)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("not what");
            }
        }
    }

    private void spoil(Snapshot snapshot, byte[] bytes, int from, int to) {
        String archive = keys().stream()
                .filter(key -> key.startsWith("kept/archives/") && snapshot.id().endsWith(key.substring(14)))
                .findFirst()
                .orElseThrow();
        client.putObject(
                put -> put.bucket(bucket).key(archive), RequestBody.fromBytes(Arrays.copyOfRange(bytes, from, to)));
    }

    @Test
    void deletedSnapshotsLeaveNoBytes() throws IOException {
        var one = put(store(), "alice", "box", NOON, "1");
        var two = put(store(), "alice", "box", NOON, "2");
        store().delete("alice", one.id());
        store().delete("alice", two.id());

        assertThat(keys()).isEmpty();
    }

    @Test
    void whatDyingProcessesLeftIsRemovedAfterADayAndNothingElse() throws IOException {
        var kept = put(store(), "alice", "box", NOON, "kept");
        var cut = put(store(), "alice", "box", NOON, "its record was not written any more");
        client.deleteObject(delete -> delete.bucket(bucket)
                .key(keys().stream()
                        .filter(key -> key.endsWith(cut.id()))
                        .findFirst()
                        .orElseThrow()));
        store().begin().archive().write(noise(2 * S3Draft.PART));

        open().tidy();
        assertThat(keys()).as("who knows whether they still work").hasSize(3);
        assertThat(uploads()).isEqualTo(1);
        open(Clock.fixed(Instant.now().plus(Duration.ofHours(25)), ZoneOffset.UTC))
                .tidy();

        assertThat(keys()).hasSize(2);
        assertThat(uploads()).isZero();
        assertThat(content(open(), kept)).isEqualTo("kept");
        assertThat(client.getObjectAsBytes(get -> get.bucket(bucket).key("other/archives/x"))
                        .asUtf8String())
                .isEqualTo("not ours");
    }

    @Test
    void anArchiveThatIsGoneIsMissingAndNotDamaged() throws IOException {
        var snapshot = put(store(), "alice", "box", NOON, "x");
        store().delete("alice", snapshot.id());

        assertThatThrownBy(() -> store().open(snapshot)).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void aBucketThatIsNotThereIsAFailureThatNamesIt() {
        var store = new S3SnapshotStore(
                new S3Options("no-such-bucket", "", null, server.endpoint()), Clock.systemUTC(), new SecureRandom());

        assertThatThrownBy(() -> store.list("alice", "box"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no-such-bucket");
        assertThatThrownBy(() -> put(store, new byte[1])).isInstanceOf(IOException.class);
    }

    @Test
    void aServerThatDoesNotAnswerIsAFailure() {
        var store = new S3SnapshotStore(
                new S3Options(bucket, "", null, URI.create("http://127.0.0.1:1")),
                Clock.systemUTC(),
                new SecureRandom());

        assertThatThrownBy(() -> store.list("alice", "box")).isInstanceOf(IOException.class);
    }
}
