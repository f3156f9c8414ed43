package dev.sandbridge.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.websocket.Client.Ending;
import io.quarkus.runtime.configuration.DurationConverter;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sockets on which nothing is said. */
@QuarkusTest
@TestProfile(SilenceQuarkusTest.Impatient.class)
@Timeout(60)
class SilenceQuarkusTest {
    /** Connections may be silent for less time than the test is. */
    public static final class Impatient extends TerminalProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            var settings = new HashMap<>(super.getConfigOverrides());
            settings.put("quarkus.http.idle-timeout", "3s");
            settings.put("sandbridge.terminals.idle", "1s");
            return settings;
        }
    }

    @Test
    @DisplayName("statement 111: a silent socket stays open by pings and says nothing (scaled intervals)")
    void aSilentSocketStaysOpenByPings() {
        String id = Service.create();
        try (Client client = Client.open(id, "")) {
            client.ready();
            Ending ending = client.type("sleep 5; echo awake\n").ending();
            assertThat(ending.text()).isEqualTo("awake\r\n");
            assertThat(ending.frames())
                    .filteredOn(frame -> frame.type() == Client.TEXT)
                    .hasSize(1);
            assertThat(client.pings()).hasSizeGreaterThan(2);
        }
        Service.delete(id);
    }

    @Test
    @DisplayName("statement 111: without a setting, a ping goes out at least every 25 s")
    void pingsGoOutOftenEnoughByThemselves() throws NoSuchMethodException {
        String standard = WebSocketConfig.class
                .getDeclaredMethod("ping")
                .getAnnotation(WithDefault.class)
                .value();
        assertThat(new DurationConverter().convert(standard)).isLessThanOrEqualTo(Duration.ofSeconds(25));
    }

    @Test
    void aNamedTerminalThatNobodyLooksAtEndsAfterTheConfiguredTimeAndOneThatIsWatchedDoesNot() {
        String id = Service.create();
        try (Client watched = Client.open(id, "?session=watched&shell=/bin/sh")) {
            watched.ready();
            try (Client left = Client.open(id, "?session=left&shell=/bin/sh")) {
                left.ready();
                left.type("sleep 83.5 & echo up$((1))\n").until("up1");
                assertThat(Service.processes(id, "sleep 83")).isEqualTo(1);
            }
            Service.await("the unwatched one ends", 30, () -> Service.processes(id, "sleep 83") == 0);
            watched.type("echo still$((1))here\n").until("still1here");
        }
        Service.delete(id);
    }
}
