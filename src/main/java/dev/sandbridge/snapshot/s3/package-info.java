/**
 * Snapshots in a bucket of S3, or of what speaks its API, for several services and functions at once. Start with {@link
 * dev.sandbridge.snapshot.s3.S3SnapshotStore}.
 *
 * <p>The only package that knows Amazon's SDK. Nothing of it is made before a snapshot is asked for.
 */
@NullMarked
package dev.sandbridge.snapshot.s3;

import org.jspecify.annotations.NullMarked;
