package dev.sandbridge.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.websocket.Client.Ending;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
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
            assertThat(client.pings()).hasSizeGreaterThan(8);
        }
        Service.delete(id);
    }
}
