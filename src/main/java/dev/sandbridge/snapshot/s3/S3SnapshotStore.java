package dev.sandbridge.snapshot.s3;

import dev.sandbridge.snapshot.Sha256;
import dev.sandbridge.snapshot.Snapshot;
import dev.sandbridge.snapshot.SnapshotRecord;
import dev.sandbridge.snapshot.SnapshotStore;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/**
 * Snapshots in a bucket that several processes may use at once: an archive for each snapshot and a record, which is
 * written last and deleted first.
 *
 * <pre>
 * PREFIX archives/RANDOM
 * PREFIX records/OWNER/SANDBOX RANDOM    the snapshot's id is SANDBOX RANDOM
 * </pre>
 *
 * <p>OWNER and SANDBOX are digests, so that an owner's snapshots of one sandbox are a list of the bucket's. Names are
 * random and used once, so nothing that is written meets what is there, and no write has a condition. Equal archives
 * are kept as often as they are stored: whether one is still used could not be told without a lock.
 */
public final class S3SnapshotStore implements SnapshotStore, AutoCloseable {
    private static final Logger LOG = Logger.getLogger(S3SnapshotStore.class.getName());

    private static final String ARCHIVES = "archives/";
    private static final String RECORDS = "records/";

    /** Of the sandbox's digest. */
    private static final int TAG = 16;

    private static final int RANDOM = 32;

    /** No snapshot takes so long; what is older and incomplete has lost its maker. */
    private static final Duration ABANDONED = Duration.ofDays(1);

    private final Bucket bucket;
    private final Clock clock;
    private final SecureRandom random;

    /** Makes no connection; the first use does. */
    public S3SnapshotStore(S3Options options, Clock clock, SecureRandom random) {
        this.bucket = new Bucket(options);
        this.clock = clock;
        this.random = random;
    }

    @Override
    public Draft begin() {
        var bytes = new byte[RANDOM / 2];
        random.nextBytes(bytes);
        String name = HexFormat.of().formatHex(bytes);
        return new S3Draft(
                bucket,
                ARCHIVES + name,
                snapshot -> record(snapshot.owner(), snapshot.id()),
                (facts, sha256, size) -> new Snapshot(
                        tag(facts.sandbox()) + name,
                        facts.owner(),
                        facts.sandbox(),
                        facts.createdAt(),
                        facts.manifest(),
                        facts.entries(),
                        facts.content(),
                        sha256,
                        size),
                Sha256.begin());
    }

    @Override
    public Optional<Snapshot> find(String owner, String id) throws IOException {
        return id.matches("[0-9a-f]{" + (TAG + RANDOM) + "}")
                ? read(record(owner, id)).filter(found -> found.owner().equals(owner))
                : Optional.empty();
    }

    @Override
    public List<Snapshot> list(String owner, String sandbox) throws IOException {
        return read(bucket.list(record(owner, tag(sandbox)))).stream()
                .filter(snapshot -> snapshot.sandbox().equals(sandbox))
                .toList();
    }

    @Override
    public InputStream open(Snapshot snapshot) throws IOException {
        return new CheckedArchive(bucket.open(archive(snapshot.id())), snapshot);
    }

    @Override
    public boolean delete(String owner, String id) throws IOException {
        if (find(owner, id).isEmpty()) {
            return false;
        }
        bucket.delete(record(owner, id));
        try {
            bucket.delete(archive(id));
        } catch (IOException later) {
            LOG.log(Level.WARNING, "the archive of a deleted snapshot is removed later", later);
        }
        return true;
    }

    /** Reads no record of a sandbox with only one: that one stays. */
    @Override
    public List<Snapshot> olderThan(Instant time) throws IOException {
        var bySandbox = bucket.list(RECORDS).stream()
                .filter(record -> record.name().length() > RANDOM)
                .collect(Collectors.groupingBy(
                        record -> record.name().substring(0, record.name().length() - RANDOM)));
        var old = new ArrayList<Snapshot>();
        for (List<Bucket.Listed> records : bySandbox.values()) {
            if (records.size() > 1
                    && records.stream().anyMatch(record -> record.since().isBefore(time))) {
                List<Snapshot> snapshots = read(records);
                snapshots.stream()
                        .skip(1)
                        .filter(snapshot -> snapshot.createdAt().isBefore(time))
                        .forEach(old::add);
            }
        }
        return old;
    }

    @Override
    public void tidy() throws IOException {
        Instant before = clock.instant().minus(ABANDONED);
        bucket.abortOlderThan(ARCHIVES, before);
        // Archives first: whatever is published meanwhile has its record in the second list.
        List<Bucket.Listed> archives = bucket.list(ARCHIVES);
        Set<String> used = bucket.list(RECORDS).stream()
                .map(record -> archive(record.name()))
                .collect(Collectors.toSet());
        for (Bucket.Listed archive : archives) {
            if (archive.since().isBefore(before) && !used.contains(archive.name())) {
                bucket.delete(archive.name());
            }
        }
    }

    /** Newest first, without those that were deleted since they were listed. */
    private List<Snapshot> read(List<Bucket.Listed> records) throws IOException {
        var snapshots = new ArrayList<Snapshot>();
        for (Bucket.Listed record : records) {
            read(record.name()).ifPresent(snapshots::add);
        }
        snapshots.sort(Snapshot.NEWEST_FIRST);
        return snapshots;
    }

    private Optional<Snapshot> read(String record) throws IOException {
        try {
            return Optional.of(SnapshotRecord.parse(new String(bucket.get(record), StandardCharsets.UTF_8)));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        }
    }

    private static String tag(String sandbox) {
        return Sha256.of(sandbox).substring(0, TAG);
    }

    private static String record(String owner, String id) {
        return RECORDS + Sha256.of(owner) + "/" + id;
    }

    /** @param id of a snapshot, or the name of its record, which ends with it */
    private static String archive(String id) {
        return ARCHIVES + id.substring(Math.max(0, id.length() - RANDOM));
    }

    @Override
    public void close() {
        bucket.close();
    }
}
