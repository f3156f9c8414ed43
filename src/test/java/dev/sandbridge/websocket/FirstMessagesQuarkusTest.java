package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.websocket.Client.Ending;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** First messages where there is room for one long one at a time. */
@QuarkusTest
@TestProfile(FirstMessagesQuarkusTest.Narrow.class)
@Timeout(180)
class FirstMessagesQuarkusTest {
    private static final int FAILED = 1011;
    private static final String LONG = "true " + "x".repeat(150_000);

    /** Room for one message of that length, but not for two. */
    public static final class Narrow extends TerminalProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            var settings = new HashMap<>(super.getConfigOverrides());
            settings.put("sandbridge.websocket.first-messages", "1M");
            settings.put("sandbridge.websocket.patience", "4s");
            return settings;
        }
    }

    private String id;

    @BeforeEach
    void make() {
        id = Service.create();
    }

    @AfterEach
    void remove() {
        Service.delete(id);
    }

    @Test
    void anUnfinishedMessageLeavesRoomForShortOnesAndLetsLongOnesWait() {
        try (Client holder = Client.open(id, "")) {
            holder.ready();
            holder.send(Client.BINARY, false, LONG.getBytes(UTF_8));
            Service.await("another one finds no room", 60, () -> closeCode() == FAILED);
            assertThat(Client.run(id, "echo short").text()).isEqualTo("short\r\n");

            try (Client waiting = Client.open(id, "")) {
                waiting.ready();
                waiting.type(LONG + "; echo taken\n");
                holder.close();
                assertThat(waiting.ending().text()).isEqualTo("taken\r\n");
            }
        }
    }

    @Test
    void commandsThatRunLeaveTheRoomOfTheirTextToOthers() {
        try (Client running = Client.open(id, "")) {
            running.ready();
            running.type(LONG + "; echo up; exec sleep 600\n").until("up");

            assertThat(Client.run(id, LONG + "; echo taken").text()).isEqualTo("taken\r\n");
        }
    }

    /** How a socket with a long message ends. */
    private int closeCode() {
        Ending ending = Client.run(id, LONG);
        assertThat(ending.last().path("type").asText()).isEqualTo(ending.closeCode() == FAILED ? "error" : "exit");
        assertThat(ending.last().path("retryable").asBoolean()).isEqualTo(ending.closeCode() == FAILED);
        return ending.closeCode();
    }
}
