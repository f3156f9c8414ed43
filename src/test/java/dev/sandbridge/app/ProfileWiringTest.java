package dev.sandbridge.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxProvider;
import io.quarkus.runtime.configuration.DurationConverter;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.runtime.configuration.MemorySizeConverter;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProfileWiringTest {
    @Test
    void aNetworkThatIsNotSetIsTheLeastThatTheProviderCanGive() {
        assertThat(network(Map.of())).isEqualTo(Network.NONE);
        assertThat(network(Map.of("provider", "blaxel"))).isEqualTo(Network.NAT);
        assertThat(network(Map.of("provider", "elsewhere"))).isEqualTo(Network.NONE);
    }

    @Test
    void aNetworkThatTheProviderCanGiveMayBeSet() {
        assertThat(network(Map.of("network", "host"))).isEqualTo(Network.HOST);
        assertThat(network(Map.of("provider", "blaxel", "network", "nat"))).isEqualTo(Network.NAT);
    }

    @Test
    void aNetworkThatTheProviderCannotGiveEndsTheStartWithWhatToSet() {
        assertThatThrownBy(() -> network(Map.of("provider", "blaxel", "network", "none")))
                .hasMessage("sandbridge.profiles.\"default\".network: provider blaxel cannot give none;"
                        + " set nat, or nothing");
    }

    /** Of the default profile with these settings. */
    private static Network network(Map<String, String> settings) {
        var builder = new SmallRyeConfigBuilder()
                .withMapping(SandbridgeConfig.class, "sandbridge")
                .withConverter(Duration.class, 200, new DurationConverter())
                .withConverter(MemorySize.class, 200, new MemorySizeConverter())
                .withDefaultValue("user.home", "/nonexistent")
                .withDefaultValue("sandbridge.blaxel.api-key", "key")
                .withDefaultValue("sandbridge.profiles.\"default\".provider", "local")
                .addDefaultInterceptors();
        settings.forEach((name, value) -> builder.withDefaultValue("sandbridge.profiles.\"default\"." + name, value));
        var config = builder.build().getConfigMapping(SandbridgeConfig.class, "sandbridge");
        try (SandboxProvider local = new UnavailableProvider("local", "not in this test");
                SandboxProvider blaxel =
                        BlaxelWiring.provider(config.blaxel(), Map.of(), Clock.systemUTC(), new SecureRandom())) {
            return new Wiring()
                    .profiles(config, List.of(local, blaxel))
                    .get(null)
                    .network();
        }
    }
}
