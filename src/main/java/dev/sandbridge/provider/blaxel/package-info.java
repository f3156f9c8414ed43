/**
 * Sandboxes at Blaxel, over its control plane and the API that each sandbox serves itself. Start with {@link
 * dev.sandbridge.provider.blaxel.BlaxelProvider}; a command is followed from {@link
 * dev.sandbridge.provider.blaxel.BlaxelCommand}.
 *
 * <p>Knows no other provider, no door and no framework. Hosts, header names and versions are settings, because the
 * service behind them changes hands. What a sandbox or a gateway answers is untrusted.
 */
@NullMarked
package dev.sandbridge.provider.blaxel;

import org.jspecify.annotations.NullMarked;
