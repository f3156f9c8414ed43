package dev.sandbridge.snapshot;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Where snapshots are kept. What is published is durable and never changes; whoever dies before that leaves nothing
 * that can be seen. Thread-safe. Failures are {@link IOException}s; the messages name no secrets.
 */
public interface SnapshotStore {
    /** Begins a snapshot; the caller closes it. Nothing can be seen of it before {@link Draft#publish}. */
    Draft begin() throws IOException;

    /** Empty for what never was, was deleted, or is another owner's. */
    Optional<Snapshot> find(String owner, String id) throws IOException;

    /** An owner's snapshots of one sandbox, newest first. */
    List<Snapshot> list(String owner, String sandbox) throws IOException;

    /**
     * The archive, to be closed by the caller; readable to its end even if the snapshot is deleted meanwhile.
     *
     * @throws java.nio.file.NoSuchFileException if there is none any more
     */
    InputStream open(Snapshot snapshot) throws IOException;

    /** Whether there was one. */
    boolean delete(String owner, String id) throws IOException;

    /** All owners' snapshots that are older than the time given, but for the newest of each sandbox. */
    List<Snapshot> olderThan(Instant time) throws IOException;

    /** Removes what those left who died while they stored or deleted; called now and then. */
    default void tidy() throws IOException {}

    /** What a snapshot is of. */
    record Facts(String owner, String sandbox, Instant createdAt, String manifest, long entries, long content) {}

    /** A snapshot that is being written; one thread. */
    interface Draft extends AutoCloseable {
        /** Takes the archive's bytes. */
        OutputStream archive();

        /** Makes the snapshot durable, then visible; the draft takes nothing more. */
        Snapshot publish(Facts facts) throws IOException;

        /** Forgets what was not published. */
        @Override
        void close() throws IOException;
    }
}
