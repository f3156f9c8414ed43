package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.provider.blaxel.StandInResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** URLs for ports, at a provider that has them and at one that has none. */
@QuarkusTest
@TestProfile(PortQuarkusTest.Away.class)
class PortQuarkusTest {
    private static final Door DOOR = Door.admin();

    /** With sandboxes at a stand-in of Blaxel in profile {@code away}. */
    public static final class Away extends DoorProfile {
        @Override
        public List<TestResourceEntry> testResources() {
            return List.of(new TestResourceEntry(StandInResource.class));
        }
    }

    @Test
    void aPortIsPublishedListedAndWithdrawn() {
        String ports = sandboxAway() + "/ports";

        var published = DOOR.post(ports, Map.of("port", 3000, "ttl", "PT10M"));

        assertThat(published.status()).isEqualTo(200);
        JsonNode port = published.json();
        assertThat(names(port)).isEqualTo(described("Port"));
        assertThat(port.get("public").asBoolean()).isFalse();
        assertThat(port.get("url").asText()).startsWith("http");
        assertThat(port.get("headers").get("X-Blaxel-Preview-Token").asText()).isNotEmpty();
        assertThat(port.get("browser_url").asText()).contains("?bl_preview_token=t%26");
        assertThat(Instant.parse(port.get("expires_at").asText()))
                .isBefore(Instant.now().plusSeconds(700));

        var open = DOOR.post(ports, Map.of("port", 4000, "public", true));
        assertThat(open.json().get("headers").isEmpty()).isTrue();
        JsonNode listed = DOOR.get(ports).json();
        assertThat(names(listed)).isEqualTo(described("PortList"));
        assertThat(listed.at("/ports/0/port").asInt()).isEqualTo(3000);
        assertThat(listed.at("/ports/0/headers").isEmpty()).isTrue();
        assertThat(listed.at("/ports/1").has("browser_url")).isFalse();

        assertThat(DOOR.post(ports, Map.of("port", 3000, "public", true)).status())
                .isEqualTo(409);
        assertThat(DOOR.delete(ports + "/3000").status()).isEqualTo(204);
        assertThat(DOOR.delete(ports + "/3000").status()).isEqualTo(204);
        assertThat(DOOR.get(ports).json().get("ports")).hasSize(1);
        assertThat(DOOR.post(ports, Map.of("port", 3000, "public", true)).status())
                .isEqualTo(200);
    }

    @Test
    void whatIsNoPortOrNoTimeIsRefused() {
        String ports = sandboxAway() + "/ports";

        for (Object wish : List.of(
                Map.of(),
                Map.of("port", 0),
                Map.of("port", 65_536),
                Map.of("port", "3000"),
                Map.of("port", 3000, "public", "yes"),
                Map.of("port", 80),
                Map.of("port", 8080),
                Map.of("port", 3000, "ttl", -1))) {
            assertThat(DOOR.post(ports, wish).status()).as(wish.toString()).isEqualTo(400);
        }
        assertThat(DOOR.post(ports, Map.of("port", 3000, "ttl", "P8D")).code()).isEqualTo("limit_out_of_range");
        assertThat(DOOR.delete(ports + "/web").status()).isEqualTo(400);
        assertThat(DOOR.get(ports).json().get("ports")).isEmpty();
    }

    @Test
    void aPortOfASandboxThatIsGoneIsNotPublishedAndStartsNothing() {
        String sandbox = sandboxAway();
        DOOR.delete(sandbox);

        assertThat(DOOR.post(sandbox + "/ports", Map.of("port", 3000)).code()).isEqualTo("sandbox_not_found");
        assertThat(DOOR.get(sandbox + "/running").json().get("running").asBoolean())
                .isFalse();
    }

    @Test
    void aProviderWithoutPortsSaysWhatToDo() {
        String sandbox = "/v1/sandbox/" + DOOR.create(Map.of());

        var refused = DOOR.post(sandbox + "/ports", Map.of("port", 3000));

        assertThat(refused.status()).isEqualTo(501);
        assertThat(refused.code()).isEqualTo("capability_unavailable");
        assertThat(refused.json().get("action").asText()).contains("blaxel");
        assertThat(DOOR.get(sandbox + "/ports").status()).isEqualTo(501);
        DOOR.delete(sandbox);
    }

    @Test
    void aSandboxAwayIsToldWithTheNetworkThatItHas() {
        assertThat(DOOR.get(sandboxAway()).json().get("network").asText()).isEqualTo("nat");
    }

    private static String sandboxAway() {
        var made = DOOR.post("/p/away/v1/sandbox", Map.of());
        assertThat(made.status()).as(made.text()).isEqualTo(200);
        return "/v1/sandbox/" + made.json().get("id").asText();
    }

    private static TreeSet<String> described(String schema) {
        return names(DOOR.get("/v1/openapi.json").json().at("/components/schemas/" + schema + "/properties"));
    }

    private static TreeSet<String> names(JsonNode object) {
        var names = new TreeSet<String>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
