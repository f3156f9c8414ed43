package dev.sandbridge.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.provider.blaxel.StandInResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Keys on a terminal that does not take every byte: one at a stand-in of Blaxel. */
@QuarkusTest
@TestProfile(TypingQuarkusTest.Away.class)
@Timeout(180)
class TypingQuarkusTest {
    /** Of U+00E4 in Latin-1; the first of three in UTF-8, so that what follows it is wrong. */
    private static final byte[] LATIN = {(byte) 0xE4, 'x'};

    private String id;

    /** With sandboxes at a stand-in of Blaxel in profile {@code away}. */
    public static final class Away extends TerminalProfile {
        @Override
        public List<TestResourceEntry> testResources() {
            return List.of(new TestResourceEntry(StandInResource.class));
        }
    }

    @BeforeEach
    void make() {
        id = Service.create("/p/away", Map.of());
    }

    @AfterEach
    void remove() {
        Service.delete(id);
    }

    @Test
    void aByteThatIsNoTextIsToldAndTheKeyboardLives() {
        try (Client client = Client.open(id, "?session=s1&shell=/bin/sh")) {
            client.ready();
            client.type("stty -echo; PS1=next$((1)); echo up$((1))\n").until("up1\r\nnext1");
            client.type("cat\n").type("it runs\n").until("it runs\r\n");
            client.send(Client.BINARY, true, LATIN);
            assertThat(error(client).path("code").asText()).isEqualTo("invalid_request");
            // A program that is being ended may still take a line that is typed at once.
            client.type("\u0003").until("next1");
            client.type("echo go$((1))on\n").until("go1on");
        }
        try (Client client = Client.open(id, "")) {
            client.ready();
            client.type("stty -echo; echo up; cat\n").until("up\r\n");
            client.send(Client.BINARY, true, LATIN);
            assertThat(error(client).path("code").asText()).isEqualTo("invalid_request");
            client.type("go on\n").until("go on\r\n");
            client.type("\u0003");
            assertThat(client.ending().last().path("signal").asText()).isEqualTo("SIGINT");
        }
    }

    @Test
    void halfACharacterIsInNobodyElsesWay() {
        try (Client one = Client.open(id, "?session=s1&shell=/bin/sh");
                Client other = Client.open(id, "?session=s1&shell=/bin/sh")) {
            one.ready();
            other.ready();
            one.type("stty -echo; PS1=; echo up$((1))\n").until("up1\r\n");
            other.until("up1\r\n");
            one.send(Client.BINARY, true, new byte[] {LATIN[0]});
            // What has been answered shows that the byte before it has been taken.
            one.text("{\"type\":\"resize\"}");
            assertThat(error(one).path("code").asText()).isEqualTo("invalid_request");

            other.type("echo oth$((1))er\n").until("oth1er");
        }
    }

    /** The next message, which must be an error. */
    private static JsonNode error(Client client) {
        Client.Frame frame = client.next();
        while (frame.type() == Client.BINARY) {
            frame = client.next();
        }
        assertThat(frame.json().path("type").asText()).isEqualTo("error");
        return frame.json();
    }
}
