package dev.sandbridge.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Terminals whose callers may not come in any more. */
@QuarkusTest
@TestProfile(TerminalProfile.class)
@Timeout(180)
class RevokedKeyQuarkusTest {
    private static final int NOT_ALLOWED = 1008;

    @ParameterizedTest
    @ValueSource(strings = {"", "?session=watched&shell=/bin/sh"})
    void aDisabledKeyKeepsNoTerminalAndOtherKeysKeepTheirs(String query) {
        String mine = Service.create();
        JsonNode made = Service.json(Service.call("POST", "/v1/keys", TerminalProfile.KEY, Map.of("owner", "leaver")));
        String key = made.get("key").asText();
        String theirs = Service.json(Service.call("POST", "/v1/sandbox", key, Map.of()))
                .get("id")
                .asText();
        try (Client staying = Client.open(mine, query);
                Client leaving = Client.ask("/v1/sandbox/" + theirs + "/pty" + query, "Authorization: Bearer " + key)) {
            staying.ready();
            leaving.ready();
            leaving.type("echo up$((1)); exec sleep 95.5\n").until("up1");

            String path = "/v1/keys/" + made.get("id").asText();
            assertThat(Service.call("PATCH", path, TerminalProfile.KEY, Map.of("disabled", true))
                            .statusCode())
                    .isEqualTo(200);

            assertThat(leaving.ending().closeCode()).isEqualTo(NOT_ALLOWED);
            assertThat(staying.type("echo still$((1))here\n").until("still1here"))
                    .isNotEmpty();
        } finally {
            Service.delete(mine);
        }
    }
}
