/**
 * What can go wrong, in terms of what the caller can do about it. Start with {@link dev.sandbridge.error.ErrorCode}.
 *
 * <p>Knows nothing of doors: no status number, no close code, no JSON stands here.
 */
@NullMarked
package dev.sandbridge.error;

import org.jspecify.annotations.NullMarked;
