/**
 * Who calls and what they may. Start with {@link dev.sandbridge.owner.ApiKeys}.
 *
 * <p>Knows no sandbox and no door: a key is text here, wherever it was presented.
 */
@NullMarked
package dev.sandbridge.owner;

import org.jspecify.annotations.NullMarked;
