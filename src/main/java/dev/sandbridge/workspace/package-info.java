/**
 * Paths and entries of a sandbox's file tree, as values. Start with {@link dev.sandbridge.workspace.WorkspacePath}.
 *
 * <p>Knows no file system: what a path resolves to is decided inside the sandbox, as the sandbox's user.
 */
@NullMarked
package dev.sandbridge.workspace;

import org.jspecify.annotations.NullMarked;
