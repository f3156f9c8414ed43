package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.provider.SandboxPorts;
import dev.sandbridge.provider.SandboxPorts.Published;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Ports that are reached from outside by a URL; the rules of {@link SandboxService} hold. Nothing here revives. */
public final class PortService {
    private static final Duration DEFAULT = Duration.ofHours(1);
    private static final Duration LONGEST = Duration.ofDays(7);

    private final Visits visits;

    PortService(Visits visits) {
        this.visits = visits;
    }

    /**
     * Gives a port a URL, or a longer life and another right to the URL that it has.
     *
     * @param life of the way in; null for an hour
     */
    public Published publish(Caller caller, SandboxRef ref, int port, boolean open, @Nullable Duration life) {
        Duration wanted = life == null ? DEFAULT : life;
        if (wanted.compareTo(Duration.ofSeconds(1)) < 0 || wanted.compareTo(LONGEST) > 0) {
            throw new SandboxException(ErrorCode.LIMIT_OUT_OF_RANGE, "ttl must lie between 1 second and 7 days");
        }
        return visits.enter(caller, ref)
                .quickly("publishing the port", found -> ports(found).publish(port, open, wanted));
    }

    public List<Published> list(Caller caller, SandboxRef ref) {
        return visits.enter(caller, ref)
                .quickly("listing the ports", found -> ports(found).list());
    }

    /** Takes a URL back; harmless for a port that has none. */
    public void unpublish(Caller caller, SandboxRef ref, int port) {
        visits.enter(caller, ref)
                .quickly("withdrawing the port", found -> ports(found).unpublish(port));
    }

    private static SandboxPorts ports(Sandboxes.Found found) {
        return found.handle().ports().orElseThrow(() -> new SandboxException(
                        ErrorCode.CAPABILITY_UNAVAILABLE,
                        "provider " + found.id().provider() + " gives ports no URL")
                .action("reach the port from inside with exec, or use a profile whose provider is blaxel"));
    }
}
