package dev.sandbridge.workspace;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One entry of the file tree.
 *
 * @param name the last path segment, as {@link FileNames} writes it
 * @param mode permission bits, set-id and sticky bits included
 * @param user the owner's name inside the sandbox, or the number as text where it has none
 * @param group the group's name, likewise
 * @param size bytes; for a symlink the length of its target
 * @param target where a symlink points, null for everything else
 */
public record FileInfo(
        String name,
        FileType type,
        int mode,
        long uid,
        long gid,
        String user,
        String group,
        long size,
        Instant modified,
        @Nullable String target) {}
