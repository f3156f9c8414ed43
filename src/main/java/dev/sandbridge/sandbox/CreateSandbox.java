package dev.sandbridge.sandbox;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a caller asks for. Null means the profile's default.
 *
 * @param alias the caller's name for it: if the owner has a sandbox of that name, that one is the answer
 * @param profile null for the key's default, then the service's
 * @param ttl life after the last use
 */
public record CreateSandbox(
        @Nullable String alias,
        @Nullable String profile,
        @Nullable String image,
        Map<String, String> environment,
        Map<String, String> labels,
        @Nullable Duration ttl,
        TimeoutWishes timeouts,
        LimitWishes limits,
        List<Integer> exposedPorts) {
    public CreateSandbox {
        environment = Map.copyOf(environment);
        labels = Map.copyOf(labels);
        exposedPorts = List.copyOf(exposedPorts);
    }

    /** Limits as wished, each within the profile's maximum. */
    public record LimitWishes(
            @Nullable Long memoryBytes,
            @Nullable Integer processes,
            @Nullable Integer cpuMillis,
            @Nullable Long diskBytes,
            @Nullable Long outputBytes) {
        public static final LimitWishes NONE = new LimitWishes(null, null, null, null, null);
    }

    /** Time limits as wished. */
    public record TimeoutWishes(
            @Nullable Duration exec,
            @Nullable Duration cleanup,
            @Nullable Duration upload,
            @Nullable Duration download,
            @Nullable Duration archive,
            @Nullable Duration fastOp) {
        public static final TimeoutWishes NONE = new TimeoutWishes(null, null, null, null, null, null);
    }
}
