package dev.sandbridge.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxProvider;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BlaxelWiringTest {
    @Test
    void withoutCredentialsTheProviderSaysWhatIsMissing() {
        try (SandboxProvider provider = provider(Map.of())) {
            assertThat(provider.id()).isEqualTo("blaxel");
            assertThat(provider.report().unavailable()).contains("SANDBRIDGE_BLAXEL_API_KEY", "BL_API_KEY");
            var failure = catchThrowableOfType(
                    SandboxException.class, () -> provider.find(new SandboxName("sb-" + "a".repeat(26))));
            assertThat(failure.code()).isEqualTo(ErrorCode.CAPABILITY_UNAVAILABLE);
        }
    }

    @Test
    void withAKeyTheProviderIsThere() {
        try (SandboxProvider provider = provider(Map.of("BL_API_KEY", "k", "BL_WORKSPACE", "w"))) {
            assertThat(provider.report().unavailable()).isNull();
            assertThat(provider.report().guarantees()).isNotEmpty();
        }
    }

    private static SandboxProvider provider(Map<String, String> environment) {
        var config = new SmallRyeConfigBuilder()
                .withMapping(SandbridgeConfig.Blaxel.class, "sandbridge.blaxel")
                .withConverter(Duration.class, 200, new DurationConverter())
                .withDefaultValue("user.home", "/nonexistent")
                .addDefaultInterceptors()
                .build()
                .getConfigMapping(SandbridgeConfig.Blaxel.class, "sandbridge.blaxel");
        return BlaxelWiring.provider(config, environment, Clock.systemUTC(), new SecureRandom());
    }
}
