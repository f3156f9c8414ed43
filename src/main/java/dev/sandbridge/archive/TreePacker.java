package dev.sandbridge.archive;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Packs a tree into a plain tar archive that {@link TreeUnpacker} accepts under the same limits, whatever the tree
 * holds. Into {@link OutputStream#nullOutputStream} it gives the fingerprint of a live tree. Symlinks come last: only
 * then is it known where each leads. One thread.
 *
 * <p>Failures: WORKSPACE_READ_FAILED, with the limit in its details, for a tree that is too large or contradicts
 * itself. The archive is then unfinished and cannot be read.
 */
public final class TreePacker {
    /** What was packed. */
    public record Packed(Manifest manifest, ArchiveReport report) {}

    /**
     * Begins an archive.
     *
     * @param tar written to in large pieces, neither flushed nor closed
     * @param listing told every entry of the manifest, in the archive's order
     */
    public TreePacker(OutputStream tar, ArchiveLimits limits, Consumer<ManifestEntry> listing) {
        throw new UnsupportedOperationException();
    }

    /**
     * Adds an entry, or notes why it cannot be there.
     *
     * @param content a regular file's, of exactly the entry's size; read to its end, not closed
     * @param changed asked after the content's end: whether it changed meanwhile
     * @throws IOException what {@code content} or the archive's stream threw
     */
    public void add(TreeEntry entry, InputStream content, BooleanSupplier changed) throws IOException {
        throw new UnsupportedOperationException();
    }

    /**
     * Ends the archive.
     *
     * @param vanished paths that could not be read
     */
    public Packed finish(Set<String> vanished) throws IOException {
        throw new UnsupportedOperationException();
    }
}
