package dev.sandbridge.provider;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything a provider needs to make a sandbox and must give back unchanged when asked to describe it.
 *
 * @param id as callers write it; lists are made from it
 * @param owner id of the owner; never empty
 * @param alias the caller's own name for it, unique per owner, or null
 * @param image provider-specific starting file system, or null for the provider's default
 * @param state opaque to the provider: the session's sealed state
 */
public record SandboxSpec(
        SandboxName name,
        String id,
        String owner,
        String profile,
        @Nullable String alias,
        @Nullable String image,
        Network network,
        Limits limits,
        Map<String, String> labels,
        String state,
        Instant createdAt,
        Instant expiresAt) {
    public SandboxSpec {
        labels = Map.copyOf(labels);
    }

    /** The same sandbox with what can change during its life. */
    public SandboxSpec with(Map<String, String> newLabels, String newState, Instant newExpiry) {
        return new SandboxSpec(
                name, id, owner, profile, alias, image, network, limits, newLabels, newState, createdAt, newExpiry);
    }
}
