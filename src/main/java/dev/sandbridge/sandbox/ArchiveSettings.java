package dev.sandbridge.sandbox;

import dev.sandbridge.archive.ArchiveLimits;
import dev.sandbridge.archive.KnownManifests;
import dev.sandbridge.snapshot.SnapshotStore;
import java.time.Duration;

/**
 * How workspaces are archived and kept.
 *
 * @param limits of every archive, the same in both directions
 * @param manifests keeps what archives held, entry by entry
 * @param store keeps the snapshots
 * @param keep the most snapshots of one sandbox; older ones give way to a new one
 * @param maxAge after which a snapshot goes, unless it is the newest of its sandbox
 */
public record ArchiveSettings(
        ArchiveLimits limits, KnownManifests manifests, SnapshotStore store, int keep, Duration maxAge) {
    public ArchiveSettings {
        if (keep < 1) {
            throw new IllegalArgumentException("at least one snapshot of a sandbox is kept");
        }
    }
}
