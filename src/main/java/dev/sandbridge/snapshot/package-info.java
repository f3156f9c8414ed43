/**
 * Workspaces kept beyond their sandboxes: the port {@link dev.sandbridge.snapshot.SnapshotStore}, and a store in a
 * directory, {@link dev.sandbridge.snapshot.FileSnapshotStore}. Start with {@link dev.sandbridge.snapshot.Snapshot}.
 *
 * <p>Knows no sandbox, no provider and no door; an archive is bytes with a digest here.
 */
@NullMarked
package dev.sandbridge.snapshot;

import org.jspecify.annotations.NullMarked;
