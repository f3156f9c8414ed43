package dev.sandbridge.lambda;

import static io.restassured.RestAssured.given;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.sandbox.CreateSandbox;
import dev.sandbridge.sandbox.SandboxRef;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.workspace.WorkspacePath;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.response.Response;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@QuarkusTest
@Tag("lambda-events")
@TestProfile(SnapshotSandboxesQuarkusTest.Picked.class)
class SnapshotSandboxesQuarkusTest {
    private static final Caller ALICE = new Caller(new OwnerId("alice"), Role.USE, "k1", null);

    @Inject
    SandboxService service;

    @Inject
    ObjectMapper json;

    private final List<String> made = new ArrayList<>();

    @AfterEach
    void remove() {
        made.forEach(id -> service.delete(ALICE, new SandboxRef(id, null)));
    }

    @Test
    void anEventOfTheScheduleTakesSnapshotsAndReportsCounts() throws IOException {
        make("blue");
        make("red");
        var bridge = "{\"version\": \"0\", \"id\": \"e-1\", \"detail-type\": \"Scheduled Event\","
                + " \"source\": \"aws.events\", \"account\": \"123456789012\", \"time\": \"2026-01-01T00:00:00Z\","
                + " \"resources\": [], \"detail\": {\"labels\": {\"team\": \"blue\"}}}";

        assertCounts(invoke(bridge), 1, 1, 0);
        assertCounts(invoke(bridge), 1, 0, 1);
        assertCounts(invoke("{}"), 2, 1, 1);
        var limited = invoke("{\"limit\": 1}");
        assertCounts(limited, 2, 0, 1);
        assertThat(limited.jsonPath().getInt("report.left")).isEqualTo(1);
    }

    @Test
    void messagesThatWereDealtWithDoNotComeBack() throws IOException {
        String one = make("blue");
        String two = make("red");
        String gone = make("red");
        service.delete(ALICE, new SandboxRef(gone, null));

        String batch = batch("{\"ids\": [\"" + one + "\"]}", "{\"ids\": [\"" + two + "\", \"" + gone + "\"]}");

        assertThat(failures(invoke(batch))).isEmpty();
        assertThat(snapshots(one)).isEqualTo(1);
        assertThat(snapshots(two)).isEqualTo(1);
        assertThat(failures(invoke(batch))).as("delivered twice").isEmpty();
        assertThat(snapshots(one)).isEqualTo(1);
        assertThat(service.running(ALICE, new SandboxRef(gone, null))).isFalse();
    }

    @Test
    void onlyTheMessagesThatFailedComeBack() throws IOException {
        String one = make("blue");

        var answer = invoke(batch(
                "no JSON",
                "{\"ids\": [\"" + one + "\"]}",
                "{}",
                "{\"id\": \"" + one + "\", \"labels\": {}}",
                "{\"ids\": [\"" + "a".repeat(60) + "\"]}",
                "{\"labels\": {\"team\": \"none\"}}"));

        assertThat(failures(answer)).containsExactly("m0", "m2", "m3", "m4");
        assertThat(snapshots(one)).isEqualTo(1);
        assertThat(answer.jsonPath().getMap("")).as("what the platform knows").containsOnlyKeys("batchItemFailures");
    }

    private String make(String team) throws IOException {
        String id = service.create(
                        ALICE,
                        new CreateSandbox(
                                null,
                                null,
                                null,
                                Map.of(),
                                Map.of("team", team),
                                null,
                                CreateSandbox.TimeoutWishes.NONE,
                                CreateSandbox.LimitWishes.NONE,
                                List.of()))
                .sandbox()
                .id();
        made.add(id);
        var content = new ByteArrayInputStream(id.getBytes(UTF_8));
        service.files().write(ALICE, new SandboxRef(id, null), WorkspacePath.of("/workspace/f"), content, -1, null);
        return id;
    }

    private int snapshots(String id) {
        return service.snapshots().list(ALICE, new SandboxRef(id, null)).size();
    }

    private String batch(String... bodies) throws JsonProcessingException {
        var records = new ArrayList<Map<String, Object>>();
        for (String body : bodies) {
            var message = new HashMap<String, Object>();
            message.put("messageId", "m" + records.size());
            message.put("receiptHandle", "r");
            message.put("body", body);
            message.put("attributes", Map.of("ApproximateReceiveCount", "1"));
            message.put("messageAttributes", Map.of());
            message.put("eventSource", "aws:sqs");
            message.put("eventSourceARN", "arn:aws:sqs:eu-west-1:123456789012:snapshots");
            message.put("awsRegion", "eu-west-1");
            records.add(message);
        }
        return json.writeValueAsString(Map.of("Records", records));
    }

    private static List<String> failures(Response answer) {
        return answer.jsonPath().getList("batchItemFailures.itemIdentifier", String.class);
    }

    private static void assertCounts(Response answer, int found, int taken, int unchanged) {
        assertThat(answer.jsonPath().getInt("report.found")).isEqualTo(found);
        assertThat(answer.jsonPath().getInt("report.taken")).isEqualTo(taken);
        assertThat(answer.jsonPath().getInt("report.unchanged")).isEqualTo(unchanged);
    }

    private static Response invoke(String event) {
        return given().contentType("application/json")
                .body(event)
                .post("/")
                .then()
                .statusCode(200)
                .extract()
                .response();
    }

    /** Picks the handler as a function does by environment variable. */
    public static final class Picked implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return EventProfile.settings("SnapshotSandboxes");
        }
    }
}
