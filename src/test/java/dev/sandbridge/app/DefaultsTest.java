package dev.sandbridge.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.session.Timeouts;
import io.quarkus.runtime.configuration.DurationConverter;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.runtime.configuration.MemorySizeConverter;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What holds where nobody has set anything; the other tests set what they can wait for. */
class DefaultsTest {
    @Test
    void aSandboxLives24HoursAndARevivedOneAnHour() {
        var profile = new SmallRyeConfigBuilder()
                .withMapping(SandbridgeConfig.ProfileConfig.class, "profile")
                .withConverter(Duration.class, 200, new DurationConverter())
                .withConverter(MemorySize.class, 200, new MemorySizeConverter())
                .build()
                .getConfigMapping(SandbridgeConfig.ProfileConfig.class, "profile");

        assertThat(profile.ttl()).isEqualTo(Duration.ofHours(24));
        assertThat(profile.revivedTtl()).isEqualTo(Duration.ofHours(1));
    }

    @Test
    @DisplayName(
            "session semantics 3.8: cleanup 30 s, files 1800 s, archives 300 s, the rest 30 s; commands have no limit")
    void operationsHaveTheReferenceClientsLimits() {
        assertThat(Timeouts.DEFAULT)
                .isEqualTo(new Timeouts(
                        null,
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(1800),
                        Duration.ofSeconds(1800),
                        Duration.ofSeconds(300),
                        Duration.ofSeconds(30)));
        assertThat(Timeouts.DEFAULT_EXEC).isEqualTo(Duration.ofSeconds(300));
    }
}
