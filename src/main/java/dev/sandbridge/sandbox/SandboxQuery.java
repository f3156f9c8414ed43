package dev.sandbridge.sandbox;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which sandboxes to list.
 *
 * @param labels all of which a sandbox must carry
 * @param owner another owner, or {@code *} for all: admins only; null for the caller's own
 * @param cursor {@link Page#next} of the page before, or null
 * @param limit 1 to {@link #MAX}
 */
public record SandboxQuery(
        Map<String, String> labels,
        @Nullable String owner,
        @Nullable String cursor,
        int limit) {
    public static final int MAX = 1000;

    public SandboxQuery {
        labels = Map.copyOf(labels);
    }
}
