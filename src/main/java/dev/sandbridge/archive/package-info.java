/**
 * Workspace trees as tar archives: reading and writing them, what may be in one, and what was. Start with {@link
 * dev.sandbridge.archive.TreeEntry}, the one form in which a file, directory or link travels between a provider and an
 * archive.
 *
 * <p>Knows no provider, no sandbox and no door. Every byte of an archive or a tree is untrusted.
 */
@NullMarked
package dev.sandbridge.archive;

import org.jspecify.annotations.NullMarked;
