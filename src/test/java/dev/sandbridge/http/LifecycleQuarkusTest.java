package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract's chapter on create, delete and running. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(120)
@Tag("lambda-http")
class LifecycleQuarkusTest {
    private static final Door DOOR = Door.admin();

    @Test
    @DisplayName("statements 17, 18, 19, 22: create is 200 with a JSON id, in time")
    void createIsAJsonId() {
        long start = System.nanoTime();
        var answer = DOOR.call("POST", "/v1/sandbox", "");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).startsWith("application/json");
        String id = answer.json().get("id").asText();
        assertThat(id).matches("[a-z2-7]{26,128}");
        assertThat(System.nanoTime() - start).isLessThan(120_000_000_000L);
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    @DisplayName("statement 20: ids differ and cannot be guessed from each other")
    void idsDiffer() {
        var ids = new HashSet<String>();
        for (int i = 0; i < 3; i++) {
            String id = DOOR.create();
            assertThat(ids.add(id)).isTrue();
            DOOR.delete("/v1/sandbox/" + id);
        }
        var all = new ArrayList<>(ids);
        int same = 0;
        for (int i = 0; i < all.get(0).length(); i++) {
            same += all.get(0).charAt(i) == all.get(1).charAt(i) ? 1 : 0;
        }
        assertThat(all.get(0).length() - same)
                .as("characters that differ, of 5 bits each")
                .isGreaterThan(26);
    }

    @Test
    @DisplayName("statement 21: the bodies that the JavaScript SDK sends are accepted")
    void theSdksBodiesAreAccepted() {
        for (String body : List.of(
                "{}",
                "{\"exposedPorts\":[1]}",
                "{\"timeoutMs\":1,\"createTimeoutMs\":1,\"mounts\":[{}]}",
                "{\"exposedPorts\":[8080],\"timeoutMs\":60000}")) {
            var answer = DOOR.call("POST", "/v1/sandbox", body, "Content-Type", "application/json");
            assertThat(answer.status()).as(body).isEqualTo(200);
            DOOR.delete("/v1/sandbox/" + answer.json().get("id").asText());
        }
    }

    @Test
    @DisplayName("statements 23, 24: delete is 204 without a body, again and for ids never issued, and starts nothing")
    void deleteIsIdempotent() {
        String id = DOOR.create();
        int before = count();
        for (int i = 0; i < 3; i++) {
            var answer = DOOR.delete("/v1/sandbox/" + id);
            assertThat(answer.status()).isEqualTo(204);
            assertThat(answer.header("Content-Length")).isIn("", "0");
        }
        assertThat(DOOR.running(id)).isFalse();
        assertThat(DOOR.get("/v1/sandbox/" + id).status()).isEqualTo(404);
        assertThat(DOOR.delete("/v1/sandbox/" + "a".repeat(26)).status()).isEqualTo(204);
        assertThat(DOOR.delete("/v1/sandbox/" + "b".repeat(88)).status()).isEqualTo(204);
        assertThat(count()).isEqualTo(before - 1);
    }

    @Test
    @DisplayName("statements 25, 26: after delete, exec on the same id runs in a fresh, empty sandbox, in time")
    void execRevivesADeletedId() {
        String id = DOOR.create();
        DOOR.write(id, "workspace/old", new byte[1]);
        DOOR.sh(id, "touch /tmp/old");
        DOOR.delete("/v1/sandbox/" + id);

        long start = System.nanoTime();
        var ran = DOOR.sh(id, "ls -A /workspace; ls /tmp/old; pwd");

        assertThat(ran.out()).isEqualTo("/workspace\n");
        assertThat(System.nanoTime() - start).isLessThan(35_000_000_000L);
        DOOR.delete("/v1/sandbox/" + id);
        assertThat(DOOR.write(id, "workspace/new", new byte[1]).status()).isEqualTo(200);
        assertThat(DOOR.running(id)).isTrue();
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    @DisplayName("statement 27: delete ends running commands")
    @Tag("long-lived")
    void deleteEndsRunningCommands() throws IOException {
        String id = DOOR.create();
        try (var wire = new Wire()) {
            wire.request(
                    "POST",
                    "/v1/sandbox/" + id + "/exec",
                    "{\"argv\":[\"sh\",\"-c\",\"echo on; sleep 600\"]}".getBytes(UTF_8),
                    "Authorization",
                    "Bearer " + DoorProfile.ADMIN);
            wire.head();
            assertThat(wire.line()).isNotEmpty();
            long start = System.nanoTime();
            assertThat(DOOR.delete("/v1/sandbox/" + id).status()).isEqualTo(204);
            String rest = "";
            for (String line = wire.line(); !line.equals("0"); line = wire.line()) {
                rest += line + "\n";
            }
            assertThat(rest)
                    .containsPattern("event: error\n|\"exit_code\":[1-9]")
                    .doesNotContain("\"exit_code\":0");
            assertThat(System.nanoTime() - start).isLessThan(10_000_000_000L);
        }
    }

    @Test
    @DisplayName("statement 28: running is 200, JSON, a boolean")
    void runningIsABoolean() {
        String id = DOOR.create();
        var answer = DOOR.get("/v1/sandbox/" + id + "/running");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).startsWith("application/json");
        assertThat(answer.json().get("running").isBoolean()).isTrue();
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    @DisplayName("statements 29, 31: running is true and quick while commands run and many ask")
    @Tag("long-lived")
    void runningIsQuickUnderLoad() throws ExecutionException, InterruptedException {
        String id = DOOR.create();
        var busy = CompletableFuture.runAsync(() -> DOOR.sh(id, "for i in $(seq 20); do sleep 0.1; seq 10000; done"));
        List<Long> times = Collections.synchronizedList(new ArrayList<>());
        var askers = new ArrayList<CompletableFuture<Void>>();
        for (int i = 0; i < 8; i++) {
            askers.add(CompletableFuture.runAsync(
                    () -> {
                        for (int j = 0; j < 25; j++) {
                            long start = System.nanoTime();
                            assertThat(DOOR.running(id)).isTrue();
                            times.add(System.nanoTime() - start);
                        }
                    },
                    task -> Thread.ofVirtual().start(task)));
        }
        for (var asker : askers) {
            asker.get();
        }
        busy.get();
        var sorted = times.stream().sorted().toList();
        assertThat(sorted.get(sorted.size() * 99 / 100)).as("p99 in ns").isLessThan(1_000_000_000L);
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    @DisplayName("statement 30: running is false for deleted, expired and never used ids, and asking starts nothing")
    void runningIsFalseForWhatIsNot() {
        String deleted = DOOR.create();
        DOOR.delete("/v1/sandbox/" + deleted);
        String expired = DOOR.create(Map.of("ttl", 1));
        Door.await("the sandbox expires", 20, () -> !DOOR.running(expired));
        int before = count();
        for (String id : List.of(deleted, expired, "a".repeat(26), "c".repeat(88))) {
            assertThat(DOOR.running(id)).as(id).isFalse();
        }
        assertThat(count()).isEqualTo(before);
    }

    @Test
    @DisplayName("statement 32: a sandbox does not expire while a command runs (scaled)")
    void aSandboxDoesNotExpireWhileACommandRuns() {
        String id = DOOR.create(Map.of("ttl", 1));
        assertThat(DOOR.sh(id, "touch kept; sleep 4; ls").out()).isEqualTo("kept\n");
        assertThat(DOOR.running(id)).isTrue();
        Door.await("it expires when unused", 20, () -> !DOOR.running(id));
    }

    private static int count() {
        return DOOR.get("/v1/sandbox?limit=1000").json().get("sandboxes").size();
    }
}
