/**
 * Puts the service together: which provider and which store, start-up checks, scheduled work. The only package that
 * knows adapters. Start with {@link dev.sandbridge.app.Wiring}.
 *
 * <p>Knows no door: doors find what they need by injection.
 */
@NullMarked
package dev.sandbridge.app;

import org.jspecify.annotations.NullMarked;
