package dev.sandbridge.lambda;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.sandbox.CreateSandbox;
import dev.sandbridge.sandbox.SandboxQuery;
import dev.sandbridge.sandbox.SandboxRef;
import dev.sandbridge.sandbox.SandboxService;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.path.json.JsonPath;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@QuarkusTest
@Tag("lambda-events")
@TestProfile(ReapExpiredSandboxesQuarkusTest.Picked.class)
class ReapExpiredSandboxesQuarkusTest {
    private static final Caller ALICE = new Caller(new OwnerId("alice"), Role.USE, "k1", null);

    private static final Duration SHORT = Duration.ofSeconds(1);

    @Inject
    SandboxService service;

    @Test
    void anEventOfTheScheduleRemovesWhatHasExpiredAndReportsCounts() {
        make("blue", SHORT);
        make("red", SHORT);
        make("blue", Duration.ofHours(1));

        assertThat(invoke("{}").getInt("expired")).as("within the grace").isZero();
        assertCounts(invoke("{\"graceSeconds\": 0, \"labels\": {\"team\": \"blue\"}}"), 1, 1, 0);
        make("red", SHORT);
        assertCounts(invoke("{\"graceSeconds\": 0, \"limit\": 1}"), 2, 1, 1);
        var bridge = "{\"version\": \"0\", \"id\": \"e-1\", \"detail-type\": \"Scheduled Event\","
                + " \"source\": \"aws.events\", \"account\": \"123456789012\", \"time\": \"2026-01-01T00:00:00Z\","
                + " \"resources\": [], \"detail\": {\"graceSeconds\": 0}}";
        assertCounts(invoke(bridge), 1, 1, 0);
        assertCounts(invoke(bridge), 0, 0, 0);
        assertThat(service.list(ALICE, new SandboxQuery(Map.of(), null, null, 100))
                        .items())
                .singleElement()
                .satisfies(left -> assertThat(left.labels()).containsEntry("team", "blue"));
    }

    /** One with a short life has ended it when this returns. */
    private void make(String team, Duration ttl) {
        String id = service.create(
                        ALICE,
                        new CreateSandbox(
                                null,
                                null,
                                null,
                                Map.of(),
                                Map.of("team", team),
                                ttl,
                                CreateSandbox.TimeoutWishes.NONE,
                                CreateSandbox.LimitWishes.NONE,
                                List.of()))
                .sandbox()
                .id();
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (ttl.equals(SHORT) && service.running(ALICE, new SandboxRef(id, null))) {
            assertThat(System.nanoTime()).as("expired in time").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private static void assertCounts(JsonPath report, int expired, int removed, int left) {
        assertThat(report.getInt("expired")).isEqualTo(expired);
        assertThat(report.getInt("removed")).isEqualTo(removed);
        assertThat(report.getInt("left")).isEqualTo(left);
        assertThat(report.getInt("failed")).isZero();
    }

    private static JsonPath invoke(String event) {
        return given().contentType("application/json")
                .body(event)
                .post("/")
                .then()
                .statusCode(200)
                .extract()
                .jsonPath();
    }

    /** Picks the handler as a function does by environment variable. */
    public static final class Picked implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return EventProfile.settings("ReapExpiredSandboxes");
        }
    }
}
