package dev.sandbridge.provider.blaxel;

import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where Blaxel is and what new sandboxes are made of.
 *
 * @param api base of the control plane with its path version, for example {@code https://api.blaxel.ai/v0}
 * @param workspace the account's workspace; null where the credential belongs to one only
 * @param version value of {@code Blaxel-Version}
 * @param authorizationHeader carries {@code Bearer ...} on both planes
 * @param workspaceHeader carries the workspace
 * @param region where sandboxes are made; null leaves it to Blaxel
 * @param image what a sandbox is made of whose creator names nothing
 * @param expiryMargin how long after its expiry Blaxel itself removes a sandbox that nobody removed
 */
public record BlaxelOptions(
        URI api,
        @Nullable String workspace,
        String version,
        String authorizationHeader,
        String workspaceHeader,
        @Nullable String region,
        String image,
        Duration expiryMargin) {}
