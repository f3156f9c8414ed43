package dev.sandbridge.sandbox;

import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.session.Timeouts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox as its owner sees it.
 *
 * @param state sealed; to be sent back as it is
 * @param environmentNames names only: values are never shown again
 * @param expiresAt when it is removed unless used or renewed before
 */
public record SandboxView(
        String id,
        String owner,
        @Nullable String name,
        String profile,
        String provider,
        @Nullable String image,
        Network network,
        Limits limits,
        Timeouts timeouts,
        Map<String, String> labels,
        List<String> environmentNames,
        List<Integer> exposedPorts,
        Duration ttl,
        Instant createdAt,
        Instant expiresAt,
        String state) {}
