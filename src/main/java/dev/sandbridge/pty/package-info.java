/**
 * Terminals: a process on one, its size, what it has shown, who looks at it. Start with {@link
 * dev.sandbridge.pty.Terminal}, which a provider implements.
 *
 * <p>Knows no provider, no sandbox and no door.
 */
@NullMarked
package dev.sandbridge.pty;

import org.jspecify.annotations.NullMarked;
