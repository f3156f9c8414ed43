/**
 * Sandboxes on this Linux machine: a namespace cage per sandbox, and in it a small resident process that starts every
 * command. Start with {@link dev.sandbridge.provider.local.LocalProvider}, then
 * {@link dev.sandbridge.provider.local.ResidentChannel}.
 *
 * <p>Three layers, each using only the one below: provider, handle, files and commands; the resident's channel and
 * the life of a cage; the kernel ({@link dev.sandbridge.provider.local.Libc},
 * {@link dev.sandbridge.provider.local.Poller} and the streams over file descriptors). Everything that comes out of a
 * cage, answers of the resident included, is untrusted.
 *
 * <p>Knows nothing of owners' keys, of what is in a sandbox's sealed state, of doors, and of other providers.
 */
@NullMarked
package dev.sandbridge.provider.local;

import org.jspecify.annotations.NullMarked;
