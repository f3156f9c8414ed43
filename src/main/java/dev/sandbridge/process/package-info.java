/**
 * Commands: what to run, what runs, and how it ended. Start with {@link dev.sandbridge.process.RunningCommand}, which a
 * provider implements, and {@link dev.sandbridge.process.Exec}, which runs one to its end.
 *
 * <p>Knows no provider and no door.
 */
@NullMarked
package dev.sandbridge.process;

import org.jspecify.annotations.NullMarked;
