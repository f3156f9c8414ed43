package dev.sandbridge.archive;

import dev.sandbridge.workspace.FileType;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A file, directory or link of a workspace tree, as it was found; untrusted.
 *
 * @param path relative to the workspace, segments divided by {@code /}, as {@link dev.sandbridge.workspace.FileNames}
 *     writes names that are not UTF-8; empty for the workspace itself
 * @param mode permission bits with set-id and sticky bits, 0 to 07777
 * @param size bytes of a regular file's content; 0 otherwise
 * @param uid numeric owner inside the sandbox
 * @param gid numeric group inside the sandbox
 * @param links names that the same file has, inside the workspace or not; 1 where that is not known
 * @param target what a symlink says; null for everything else
 */
public record TreeEntry(
        String path,
        FileType type,
        int mode,
        long size,
        Instant modified,
        long uid,
        long gid,
        long links,
        @Nullable String target) {
    @Override
    public String toString() {
        return "TreeEntry[" + type + ", " + size + " bytes]";
    }
}
