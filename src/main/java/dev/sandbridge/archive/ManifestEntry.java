package dev.sandbridge.archive;

import dev.sandbridge.workspace.FileType;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One line of a manifest.
 *
 * @param path as in {@link TreeEntry}
 * @param mode without set-id bits; 0777 for links
 * @param target what a symlink says; null for everything else
 * @param sha256 64 hex digits for a regular file's content; null for everything else
 */
public record ManifestEntry(
        String path,
        FileType type,
        int mode,
        long size,
        Instant modified,
        @Nullable String target,
        @Nullable String sha256) {

    /** The entry as one line of printable ASCII without its end, the same for equal entries. */
    public String line() {
        throw new UnsupportedOperationException();
    }

    /**
     * Reads what {@link #line} wrote.
     *
     * @throws dev.sandbridge.error.SandboxException INVALID_REQUEST if it is none
     */
    public static ManifestEntry parse(String line) {
        throw new UnsupportedOperationException();
    }
}
