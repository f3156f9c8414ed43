package dev.sandbridge.provider.blaxel;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gives the application under test a stand-in of Blaxel, which profile {@code away} uses. */
public final class StandInResource implements QuarkusTestResourceLifecycleManager {
    private @Nullable StandIn vendor;

    @Override
    public Map<String, String> start() {
        var started = new StandIn();
        vendor = started;
        return Map.of(
                "sandbridge.blaxel.api-url",
                started.api(),
                "sandbridge.blaxel.api-key",
                StandIn.KEY,
                "sandbridge.blaxel.workspace",
                StandIn.WORKSPACE,
                "sandbridge.profiles.\"away\".provider",
                "blaxel");
    }

    @Override
    public void stop() {
        StandIn started = vendor;
        if (started != null) {
            started.close();
            if (!started.violations().isEmpty()) {
                throw new AssertionError("the vendor would not accept: " + started.violations());
            }
        }
    }
}
