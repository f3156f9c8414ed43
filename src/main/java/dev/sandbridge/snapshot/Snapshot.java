package dev.sandbridge.snapshot;

import java.time.Instant;
import java.util.Comparator;

/**
 * One stored archive of a workspace.
 *
 * @param id names it for its owner; unguessable
 * @param owner whose it is
 * @param sandbox id of the sandbox that it was made of
 * @param createdAt when it was published
 * @param manifest digest of what the archive holds
 * @param entries files, directories and links in it
 * @param content bytes of all its files
 * @param sha256 of the archive's bytes, which are stored under it
 * @param size of the archive in bytes
 */
public record Snapshot(
        String id,
        String owner,
        String sandbox,
        Instant createdAt,
        String manifest,
        long entries,
        long content,
        String sha256,
        long size) {
    public static final Comparator<Snapshot> NEWEST_FIRST =
            Comparator.comparing(Snapshot::createdAt).reversed().thenComparing(Snapshot::id);
}
