package dev.sandbridge.sandbox;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What to change. Null changes nothing.
 *
 * @param labels an empty value removes the label
 * @param ttl life after the last use, from now on
 * @param expiresAt the earliest time of removal if nobody uses it
 */
public record SandboxUpdate(
        @Nullable Map<String, Optional<String>> labels,
        @Nullable Duration ttl,
        @Nullable Instant expiresAt) {}
