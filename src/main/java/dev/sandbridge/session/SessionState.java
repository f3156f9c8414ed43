package dev.sandbridge.session;

import dev.sandbridge.provider.Limits;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a caller chose for a sandbox and what must outlive it: sealed, it lies with the sandbox and with the caller,
 * so that a deleted sandbox can be made again as it was. Holds secrets (the environment); leaves this process only
 * sealed.
 *
 * @param ttl how long the sandbox lives after its last use
 */
public record SessionState(
        String profile,
        @Nullable String alias,
        @Nullable String image,
        Map<String, String> environment,
        Map<String, String> labels,
        Limits limits,
        Timeouts timeouts,
        Duration ttl,
        List<Integer> exposedPorts,
        Instant createdAt) {
    public SessionState {
        environment = Map.copyOf(environment);
        labels = Map.copyOf(labels);
        exposedPorts = List.copyOf(exposedPorts);
    }

    public SessionState withTtl(Duration newTtl) {
        return new SessionState(
                profile, alias, image, environment, labels, limits, timeouts, newTtl, exposedPorts, createdAt);
    }

    public SessionState withLabels(Map<String, String> newLabels) {
        return new SessionState(
                profile, alias, image, environment, newLabels, limits, timeouts, ttl, exposedPorts, createdAt);
    }

    @Override
    public String toString() {
        return "SessionState[" + profile + "]";
    }
}
