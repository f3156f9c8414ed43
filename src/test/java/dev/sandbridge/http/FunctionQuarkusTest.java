package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the HTTP door does differently in a function, wherever it runs. */
@QuarkusTest
@TestProfile(FunctionQuarkusTest.Function.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("lambda-http")
class FunctionQuarkusTest {
    private static final int LARGEST_ANSWER = 300_000;
    private static final String SERVICE = "https://service.example.org";

    private final Door door = Door.admin();

    /** A function with limits that are quickly reached. */
    public static final class Function extends DoorProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            Map<String, String> settings = super.getConfigOverrides();
            settings.put("sandbridge.secrets", "2:" + "5b".repeat(32) + "," + "5a".repeat(32));
            settings.put(
                    "sandbridge.keys",
                    "k1 alice USE - enabled 2026-01-01T00:00:00Z "
                            // of "alices-own-key-0123456789"
                            + "472f779bd1c0f2627ea638778d834c1b43aba2e6dac9047809c64c1be2ede3b8");
            settings.put("sandbridge.service-url", SERVICE);
            settings.put("sandbridge.http.function", "true");
            settings.put("sandbridge.http.exec-cap", "1s");
            settings.put("sandbridge.http.max-answer", Integer.toString(LARGEST_ANSWER));
            settings.put("sandbridge.http.max-upload", "200000");
            settings.put("sandbridge.http.max-json", "200000");
            settings.put("sandbridge.http.max-json-output", "20000");
            return settings;
        }
    }

    @Test
    void aCommandWithoutALimitGetsThatOfTheDoor() {
        String id = door.create();

        var ran = door.run(id, Map.of("argv", List.of("sleep", "30")));

        assertThat(ran.code()).isEqualTo(124);
        assertThat(ran.err()).contains("timed out after 1000ms");
    }

    @Test
    void theSandboxsOwnShorterLimitStillHolds() {
        String id = door.create(Map.of("timeouts", Map.of("exec", 0.2)));

        var ran = door.run(id, Map.of("argv", List.of("sleep", "30")));

        assertThat(ran.err()).contains("timed out after 200ms");
    }

    @Test
    void aLimitAboveTheDoorsIsRefusedBeforeTheCommandStarts() {
        String id = door.create();

        var refused = door.post(
                "/v1/sandbox/" + id + "/exec",
                Map.of("argv", List.of("touch", "/workspace/started"), "timeout_ms", 1001));

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.code()).isEqualTo("limit_out_of_range");
        assertThat(refused.json().get("action").asText()).contains("processes", SERVICE);
        assertThat(door.read(id, "workspace/started").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /processes",
        "POST, /processes",
        "GET, /processes/p1/output",
        "POST, /processes/p1/signal",
        "GET, /pty",
        "GET, /pty/p1",
        "GET, /ptys",
        "GET, /reports/1",
    })
    void whatLivesInMemoryIsNamedWithTheServiceThatHasIt(String method, String route) {
        String id = door.create();

        var refused = door.call(method, "/v1/sandbox/" + id + route, method.equals("POST") ? "{}" : "");

        assertThat(refused.status()).isEqualTo(501);
        assertThat(refused.code()).isEqualTo("capability_unavailable");
        assertThat(refused.json().get("action").asText()).contains(SERVICE);
    }

    @Test
    void aTerminalsRouteTellsAStrangerNothing() {
        var stranger = new Door("no-key-of-this-service-000").get("/v1/sandbox/" + door.create() + "/pty");

        assertThat(stranger.status()).isEqualTo(401);
    }

    @Test
    void aFileThatFitsOnlyUnencodedIsRefusedWithTheWayOut() {
        String id = door.create();
        var random = new byte[180_000];
        new Random(7).nextBytes(random);
        assertThat(door.write(id, "workspace/fits", random).status()).isEqualTo(200);
        assertThat(door.read(id, "workspace/fits").bytes()).isEqualTo(random);
        assertThat(door.sh(id, "cat fits fits > double").code()).isZero();

        var refused = door.read(id, "workspace/double");

        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.code()).isEqualTo("payload_too_large");
        assertThat(refused.json().get("action").asText()).contains(SERVICE, "Range");
        var part = door.get(Door.file(id, "workspace/double"), "Range", "bytes=180000-359999");
        assertThat(part.status()).isEqualTo(206);
        assertThat(part.bytes()).isEqualTo(random);
    }

    @Test
    void theLargestAnswerIsTheOneWhoseEncodingFits() {
        String id = door.create();
        int largest = LARGEST_ANSWER / 4 * 3;
        door.sh(id, "head -c " + largest + " /dev/zero | tr '\\0' '\\200' > fits; { cat fits; printf x; } > over");

        assertThat(door.read(id, "workspace/fits").bytes()).hasSize(largest);
        assertThat(door.read(id, "workspace/over").status()).isEqualTo(413);
    }

    @Test
    void aBodyAboveTheLimitIsRefusedWithTheWayOutAndNothingIsWritten() {
        String id = door.create();

        var refused = door.write(id, "workspace/large", new byte[200_001]);

        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.json().get("action").asText()).contains(SERVICE);
        assertThat(door.read(id, "workspace/large").status()).isEqualTo(404);
    }

    @Test
    void outputAboveTheLimitEndsTheCommandAndSaysSo() {
        String id = door.create();

        var answer = door.post(
                "/v1/sandbox/" + id + "/exec",
                Map.of("argv", List.of("sh", "-c", "head -c 400000 /dev/zero; sleep 30; touch late")));

        assertThat(answer.status()).isEqualTo(200);
        var events = Door.events(answer.text());
        assertThat(events).singleElement().satisfies(event -> {
            assertThat(event.name()).isEqualTo("error");
            assertThat(event.data()).contains("payload_too_large", SERVICE);
        });
        assertThat(door.read(id, "workspace/late").status()).isEqualTo(404);
    }

    @Test
    void aWholeStreamOfEventsFits() {
        var text = "0123456789".repeat(1000);

        var ran = door.run(door.create(), Map.of("argv", List.of("cat"), "stdin", text));

        assertThat(ran.out()).isEqualTo(text);
        assertThat(ran.code()).isZero();
    }

    @Test
    void aListingAboveTheLimitIsAnErrorAndNotHalfAList() {
        String id = door.create();
        door.sh(id, "mkdir many; cd many; seq 1 2500 | xargs touch");

        var refused = door.get("/v1/sandbox/" + id + "/files?path=/workspace/many");

        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.code()).isEqualTo("payload_too_large");
    }

    @Test
    void controlCharactersInOutputStayBelowTheLimit() {
        var answer = door.call(
                "POST",
                "/v1/sandbox/" + door.create() + "/exec",
                Door.json(Map.of("argv", List.of("sh", "-c", "head -c 40000 /dev/zero | tr '\\0' '\\1'"))),
                "Accept",
                "application/json");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().get("truncated").booleanValue()).isTrue();
        assertThat(Arrays.compare(
                        answer.json().get("stdout").asText().getBytes(UTF_8),
                        "\1".repeat(20_000).getBytes(UTF_8)))
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({"POST, /v1/keys", "POST, /v1/secrets", "DELETE, /v1/secrets/1", "DELETE, /v1/keys/operator"})
    void keysAndSecretsBelongToTheConfiguration(String method, String route) {
        var refused = door.call(method, route, method.equals("POST") ? "{\"owner\": \"bob\"}" : "");

        assertThat(refused.status()).isEqualTo(501);
        assertThat(refused.json().get("action").asText()).contains("deploy again");
    }

    @Test
    void keysOfTheConfigurationLetTheirOwnersIn() {
        var alice = new Door("alices-own-key-0123456789");
        String id = alice.create();

        assertThat(alice.sh(id, "echo mine").out()).isEqualTo("mine\n");
        assertThat(alice.get("/v1/keys").status()).isEqualTo(403);
        assertThat(new Door("bobs-own-key-0123456789").get("/v1/sandbox").status())
                .isEqualTo(401);
    }
}
