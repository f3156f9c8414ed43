package dev.sandbridge.owner;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What may be told about a key: everything but the key.
 *
 * @param keyId names it in lists and changes; part of a generated key
 * @param profile the key's default profile, or null for the service's
 */
public record KeyInfo(
        String keyId, OwnerId owner, Role role, @Nullable String profile, boolean disabled, Instant createdAt) {}
