package dev.sandbridge.archive;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks an archive of a tree, plain or gzip, as a stream. Every entry that it gives has been checked; whether all of
 * them may be put in place is known when {@link #next} has returned null, and not before. One thread.
 *
 * <p>Failures: WORKSPACE_WRITE_FAILED or PAYLOAD_TOO_LARGE, not retryable, with {@code member} and {@code rule} in
 * their details; INVALID_REQUEST for an archive of no bytes.
 */
public final class TreeUnpacker implements AutoCloseable {
    /**
     * Begins to read.
     *
     * @param archive read to its end, never closed
     * @param listing told every entry of the manifest, in the archive's order
     */
    public TreeUnpacker(InputStream archive, ArchiveLimits limits, Consumer<ManifestEntry> listing) {
        throw new UnsupportedOperationException();
    }

    /**
     * The next entry, or null after the last one and after all rules that concern the whole. Set-id bits are gone,
     * directories that come again are not given again, targets of links are relative and stay inside.
     *
     * @throws IOException what the archive's stream threw
     */
    public @Nullable TreeEntry next() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** The content of the regular file last given, exactly its size; empty for everything else. */
    public InputStream content() {
        throw new UnsupportedOperationException();
    }

    /** What was read; only after {@link #next} has returned null. */
    public Manifest manifest() {
        throw new UnsupportedOperationException();
    }

    /** Whether the archive ended before its end: what {@link #next} or the content threw is then about that. */
    public boolean interrupted() {
        throw new UnsupportedOperationException();
    }

    /** Frees what decompression holds. */
    @Override
    public void close() {}
}
