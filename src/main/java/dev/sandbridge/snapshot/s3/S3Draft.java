package dev.sandbridge.snapshot.s3;

import dev.sandbridge.snapshot.Snapshot;
import dev.sandbridge.snapshot.SnapshotRecord;
import dev.sandbridge.snapshot.SnapshotStore;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/**
 * An archive on its way into the bucket: one that fits into a part in one piece, others in parts as they fill. Holds
 * one part, whatever the archive's size. The record comes last; it makes the snapshot visible.
 */
final class S3Draft implements SnapshotStore.Draft {
    private static final Logger LOG = Logger.getLogger(S3Draft.class.getName());

    /** S3 takes 10,000 of them, and none but the last may be below 5 MiB. */
    static final int PART = 8 << 20;

    private static final int FIRST_BUFFER = 64 << 10;

    private final Bucket bucket;
    private final String archive;
    private final Function<Snapshot, String> recordName;
    private final Made made;
    private final MessageDigest digest;
    private final OutputStream out = new Parts();
    private final List<CompletedPart> parts = new ArrayList<>();
    private byte[] part = new byte[FIRST_BUFFER];
    private int filled;
    private long size;
    private @Nullable String upload;
    private @Nullable String record;
    private boolean begun;
    private boolean published;

    /** Makes a snapshot of its facts, digest and size. */
    @FunctionalInterface
    interface Made {
        Snapshot of(SnapshotStore.Facts facts, String sha256, long size);
    }

    /**
     * @param archive name of the archive
     * @param recordName that of the snapshot's record
     */
    S3Draft(Bucket bucket, String archive, Function<Snapshot, String> recordName, Made made, MessageDigest digest) {
        this.bucket = bucket;
        this.archive = archive;
        this.recordName = recordName;
        this.made = made;
        this.digest = digest;
    }

    @Override
    public OutputStream archive() {
        return out;
    }

    private final class Parts extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            digest.update(bytes, offset, length);
            size += length;
            int at = offset;
            int left = length;
            while (left > 0) {
                if (filled == PART) {
                    send();
                }
                int count = Math.min(left, PART - filled);
                makeRoom(count);
                System.arraycopy(bytes, at, part, filled, count);
                filled += count;
                at += count;
                left -= count;
            }
        }

        private void makeRoom(int count) {
            if (part.length < filled + count) {
                part = Arrays.copyOf(part, Math.min(PART, Math.max(filled + count, 2 * part.length)));
            }
        }
    }

    private void send() throws IOException {
        begun = true;
        if (upload == null) {
            upload = bucket.begin(archive);
        }
        parts.add(bucket.upload(archive, upload, parts.size() + 1, part, filled));
        filled = 0;
    }

    @Override
    public Snapshot publish(SnapshotStore.Facts facts) throws IOException {
        begun = true;
        if (upload == null) {
            bucket.put(archive, part, filled);
        } else {
            if (filled > 0) {
                send();
            }
            bucket.complete(archive, upload, parts);
        }
        Snapshot snapshot = made.of(facts, HexFormat.of().formatHex(digest.digest()), size);
        record = recordName.apply(snapshot);
        byte[] text = SnapshotRecord.text(snapshot).getBytes(StandardCharsets.UTF_8);
        bucket.put(record, text, text.length);
        published = true;
        return snapshot;
    }

    /**
     * Whatever failed may have had its effect. What cannot be removed now is found by {@link SnapshotStore#tidy}; a
     * record that may be there keeps its archive.
     */
    @Override
    public void close() {
        if (published || !begun) {
            return;
        }
        // A deadline has interrupted the work and must not interrupt this.
        boolean interrupted = Thread.interrupted();
        try {
            if (record != null) {
                bucket.delete(record);
            }
            if (upload != null) {
                abort(upload);
            }
            bucket.delete(archive);
        } catch (IOException failed) {
            LOG.log(Level.WARNING, "what was written of a snapshot is removed later", failed);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void abort(String begun) {
        try {
            bucket.abort(archive, begun);
        } catch (IOException completed) {
            LOG.log(Level.FINE, "an upload was completed, or is aborted later", completed);
        }
    }
}
