/**
 * What a source of sandboxes must offer. Start with {@link dev.sandbridge.provider.SandboxProvider}; every sentence
 * of its contract is held by {@code SandboxProviderContract} in the tests.
 *
 * <p>No implementation lives here, and nothing here knows owners' keys, sealed state or doors.
 */
@NullMarked
package dev.sandbridge.provider;

import org.jspecify.annotations.NullMarked;
