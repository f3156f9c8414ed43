package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Background processes, shell sessions and the service's own routes. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(120)
class ProcessQuarkusTest {
    private static final Door DOOR = Door.admin();
    private static String id = "";
    private static String processes = "";

    @BeforeAll
    static void create() {
        id = DOOR.create();
        processes = "/v1/sandbox/" + id + "/processes";
    }

    @AfterAll
    static void remove() {
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    void aProcessOutlivesItsCallAndKeepsItsStreamsApart() {
        var started = start("echo out; echo err >&2; sleep 0.2; echo more; exit 7");
        String process = processes + "/" + started.get("id").asText();
        assertThat(started.get("running").asBoolean()).isTrue();
        assertThat(started.get("pid").asInt()).isPositive();
        assertThat(DOOR.get(processes).json().get("processes").toString())
                .contains(started.get("id").asText());

        var ended = DOOR.post(process + "/wait?timeout_ms=20000", "").json();
        assertThat(ended.get("running").asBoolean()).isFalse();
        assertThat(ended.get("exit_code").asInt()).isEqualTo(7);
        assertThat(ended.get("ended_at").isNull()).isFalse();
        var out = output(process, "");
        assertThat(text(out)).isEqualTo("out\nmore\n");
        assertThat(out.get("ended").asBoolean()).isTrue();
        assertThat(out.get("total").asLong()).isEqualTo(9);
        assertThat(text(output(process, "?stream=stderr"))).isEqualTo("err\n");
        assertThat(text(output(process, "?offset=4&limit=3"))).isEqualTo("mor");
        assertThat(output(process, "?offset=4&limit=3").get("next_offset").asLong())
                .isEqualTo(7);

        assertThat(DOOR.delete(process).status()).isEqualTo(204);
        assertThat(DOOR.get(process).status()).isEqualTo(404);
        assertThat(DOOR.get(process).code()).isEqualTo("process_not_found");
    }

    @Test
    void outputIsWaitedForAndInputIsPassedOn() {
        var started = start("while read line; do echo \"got $line\"; done; echo closed");
        String process = processes + "/" + started.get("id").asText();
        assertThat(text(output(process, "?wait_ms=50"))).isEmpty();
        assertThat(DOOR.post(process + "/stdin", "one\n").status()).isEqualTo(200);
        assertThat(text(output(process, "?wait_ms=20000"))).isEqualTo("got one\n");
        assertThat(DOOR.post(process + "/stdin?end=true", "two\n").status()).isEqualTo(200);
        DOOR.post(process + "/wait", "");
        assertThat(text(output(process, "?offset=8"))).isEqualTo("got two\nclosed\n");
        DOOR.delete(process);
    }

    @Test
    void ofMuchOutputTheNewestIsKeptAndTheGapIsTold() {
        long written = 6L << 20;
        String process = processes + "/"
                + start("head -c " + written + " /dev/zero | tr '\\0' x; echo end; echo apart >&2")
                        .get("id")
                        .asText();
        DOOR.post(process + "/wait", "");

        var first = output(process, "?limit=10");
        long gap = first.get("gap").asLong();
        assertThat(first.get("total").asLong()).isEqualTo(written + 4);
        assertThat(gap).isPositive().isLessThan(written);
        assertThat(first.get("offset").asLong()).isEqualTo(gap);
        assertThat(text(first)).isEqualTo("x".repeat(10));
        var last = output(process, "?offset=" + (written - 1));
        assertThat(last.get("gap").asLong()).isZero();
        assertThat(text(last)).isEqualTo("xend\n");
        assertThat(text(output(process, "?stream=stderr"))).isEqualTo("apart\n");
        DOOR.delete(process);
    }

    @Test
    void inputForAProcessThatHasEndedIsAConflict() {
        String process = processes + "/" + start("exit 0").get("id").asText();
        DOOR.post(process + "/wait", "");
        var answer = DOOR.post(process + "/stdin", "x".repeat(1 << 20));
        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.code()).isEqualTo("conflict");
        DOOR.delete(process);
    }

    @Test
    void aProcessIsSignalled() {
        var started = start("trap 'echo term; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
        String process = processes + "/" + started.get("id").asText();
        assertThat(text(output(process, "?wait_ms=20000"))).isEqualTo("ready\n");
        for (String bad : List.of("{}", "{\"signal\":15}", "{\"signal\":\"NOPE\"}", "{\"signal\":\"99\"}")) {
            assertThat(DOOR.post(process + "/signal", bad).status()).as(bad).isEqualTo(400);
        }
        assertThat(DOOR.post(process + "/signal", "{\"signal\":\"SIGTERM\"}").status())
                .isEqualTo(200);
        assertThat(DOOR.post(process + "/wait", "").json().get("exit_code").asInt())
                .isEqualTo(3);
        DOOR.delete(process);
    }

    @Test
    void aWaitEndsWithItsTimeAndForgettingEndsTheProcess() {
        var started = start("sleep 71");
        String process = processes + "/" + started.get("id").asText();
        assertThat(DOOR.post(process + "/wait?timeout_ms=100", "")
                        .json()
                        .get("running")
                        .asBoolean())
                .isTrue();
        assertThat(DOOR.delete(process).status()).isEqualTo(204);
        assertThat(DOOR.sh(id, "pgrep -c -f '^sleep 71$'").out()).isEqualTo("0\n");
    }

    @Test
    void aProcessWhoseTimeIsOverEndsWithAllItStartedAndTellsIt() {
        String script = "trap '' TERM; echo up; setsid sleep 73 & while :; do sleep 0.05; done";
        var started = DOOR.post(processes, Map.of("argv", List.of("sh", "-c", script), "timeout_ms", 1500));
        assertThat(started.json().get("timed_out").asBoolean()).isFalse();
        String process = processes + "/" + started.json().get("id").asText();

        var ended = DOOR.post(process + "/wait?timeout_ms=20000", "").json();

        assertThat(ended.get("running").asBoolean()).isFalse();
        assertThat(ended.get("exit_code").asInt()).isEqualTo(124);
        assertThat(ended.get("signal").isNull()).isTrue();
        assertThat(ended.get("timed_out").asBoolean()).isTrue();
        assertThat(text(output(process, ""))).isEqualTo("up\n");
        assertThat(text(output(process, "?stream=stderr"))).isEqualTo("Command timed out after 1500ms\n");
        assertThat(DOOR.sh(id, "pgrep -c -f '^sleep 73$'").out()).isEqualTo("0\n");
        DOOR.delete(process);
    }

    @Test
    void aProcesssLabelKeepsTheRulesOfASandboxs() {
        for (String label : List.of("x".repeat(256), "a\0b", "a\nb")) {
            var refused = DOOR.post(processes, Map.of("argv", List.of("touch", "started"), "label", label));
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.code()).isEqualTo("invalid_request");
        }
        assertThat(DOOR.read(id, "workspace/started").status()).isEqualTo(404);
        var started = DOOR.post(processes, Map.of("argv", List.of("true"), "label", "ä".repeat(255)));
        assertThat(started.status()).isEqualTo(200);
        DOOR.delete(processes + "/" + started.json().get("id").asText());
    }

    @Test
    void unusableProcessRequestsAreRefused() {
        assertThat(DOOR.post(processes, "{}").status()).isEqualTo(400);
        assertThat(DOOR.post(processes, "{\"argv\":[\"true\"],\"timeout_ms\":0}")
                        .status())
                .isEqualTo(400);
        assertThat(DOOR.post(processes, "{\"argv\":[\"true\"],\"label\":1}").status())
                .isEqualTo(400);
        assertThat(DOOR.post(processes, "{\"argv\":[\"cat\"],\"stdin\":\"x\"}").status())
                .isEqualTo(400);
        String process = processes + "/" + start("true").get("id").asText();
        for (String query :
                List.of("stream=both", "offset=-1", "limit=0", "limit=99999999", "wait_ms=x", "wait_ms=60000")) {
            assertThat(DOOR.get(process + "/output?" + query).status())
                    .as(query)
                    .isEqualTo(400);
        }
        assertThat(DOOR.get(processes + "/%2e%2e%2frunning").status()).isEqualTo(404);
        DOOR.delete(process);
    }

    @Test
    void inputThatIsNotReadSlowsItsSender() throws IOException {
        var started = start("sleep 72");
        String process = processes + "/" + started.get("id").asText();
        try (var wire = new Wire()) {
            wire.request(
                    "POST",
                    process + "/stdin",
                    new byte[0],
                    "Content-Length",
                    Integer.toString(DoorProfile.MAX_UPLOAD),
                    "Authorization",
                    "Bearer " + DoorProfile.ADMIN);
            var sent = new AtomicLong();
            var sender = Thread.ofPlatform().start(() -> {
                try {
                    for (int i = 0; i < 40; i++) {
                        wire.send(new byte[1 << 20]);
                        sent.incrementAndGet();
                    }
                } catch (IOException cut) {
                    sent.addAndGet(1000);
                }
            });
            long[] seen = {-1};
            Door.await("the sender stands still", 30, () -> {
                long before = seen[0];
                seen[0] = sent.get();
                LockSupport.parkNanos(300_000_000);
                return before == seen[0] && seen[0] == sent.get();
            });
            assertThat(sent.get()).as("MiB sent").isLessThan(30);
            DOOR.delete(process);
            Door.await("the sender is let go", 30, () -> !sender.isAlive());
        }
    }

    @Test
    @DisplayName("statement 117: sessions keep directory and environment; ids that cannot be one are 400")
    void sessionsKeepDirectoryAndEnvironment() {
        String sessions = "/v1/sandbox/" + id + "/session";
        DOOR.sh(id, "mkdir -p sub/deeper");
        var opened = DOOR.post(sessions, "{\"id\":\"s1\",\"cwd\":\"/workspace/sub\",\"env\":{\"E\":\"1\"}}");
        assertThat(opened.status()).as(opened.text()).isEqualTo(200);
        assertThat(opened.json().get("id").asText()).isEqualTo("s1");
        assertThat(inSession("s1", "pwd; echo $E")).isEqualTo("/workspace/sub\n1\n");
        DOOR.run(id, Map.of("argv", List.of("cd", "deeper")), "Session-Id", "s1");
        DOOR.run(id, Map.of("argv", List.of("export", "F=2 3")), "Session-Id", "s1");
        assertThat(inSession("s1", "pwd; echo $E $F")).isEqualTo("/workspace/sub/deeper\n1 2 3\n");
        assertThat(inSession("s2", "pwd; echo [$E]")).isEqualTo("/workspace\n[]\n");

        var closed = DOOR.delete(sessions + "/s1");
        assertThat(closed.status()).isEqualTo(200);
        assertThat(closed.json().get("success").asBoolean()).isTrue();
        assertThat(closed.json().get("sessionId").asText()).isEqualTo("s1");
        assertThat(closed.json().get("timestamp").asText()).isNotEmpty();
        assertThat(inSession("s1", "pwd")).isEqualTo("/workspace\n");
        assertThat(DOOR.post(sessions, "").json().get("id").asText()).startsWith("session-");
        assertThat(DOOR.post(sessions, "not json").status()).isEqualTo(200);

        for (String bad : List.of("a/b", "a b", "a..b", "..", "", "x".repeat(129))) {
            assertThat(DOOR.post(sessions, Map.of("id", bad)).status()).as(bad).isEqualTo(400);
            if (!bad.isEmpty()) {
                assertThat(DOOR.post("/v1/sandbox/" + id + "/exec", Map.of("argv", List.of("true")), "Session-Id", bad)
                                .status())
                        .as(bad)
                        .isEqualTo(400);
            }
        }
        for (String bad : List.of("a%2Fb", "a%20b", "a..b", "%2e%2e")) {
            assertThat(DOOR.delete(sessions + "/" + bad).status()).as(bad).isEqualTo(400);
        }
        assertThat(DOOR.delete(sessions + "/never-opened").status()).isEqualTo(200);
    }

    @Test
    void aSessionThatStaysBusyIsATimeout() throws IOException {
        String other = DOOR.create(Map.of("timeouts", Map.of("fast_op", 2)));
        String exec = "/v1/sandbox/" + other + "/exec";
        String endless = Door.json(Map.of("argv", List.of("sh", "-c", "touch busy; sleep 300")));
        try (var wire = new Wire()) {
            wire.request(
                    "POST",
                    exec,
                    endless.getBytes(UTF_8),
                    "Session-Id",
                    "busy",
                    "Authorization",
                    "Bearer " + DoorProfile.ADMIN);
            Door.await(
                    "the session to be busy",
                    30,
                    () -> DOOR.read(other, "workspace/busy").status() == 200);

            var second = DOOR.post(exec, Map.of("argv", List.of("true"), "timeout_ms", 100), "Session-Id", "busy");

            assertThat(second.status()).isEqualTo(504);
            assertThat(second.code()).isEqualTo("operation_timeout");
            assertThat(DOOR.delete("/v1/sandbox/" + other + "/session/busy").status())
                    .isEqualTo(504);
        }
        DOOR.delete("/v1/sandbox/" + other);
    }

    @Test
    @DisplayName("statement 119: health, pool and OpenAPI answer as the contract's script expects")
    void theServicesOwnRoutes() {
        assertThat(DOOR.get("/health").json().get("ok").asBoolean()).isTrue();
        assertThat(DOOR.get("/health").json().get("providers").get(0).get("guarantees"))
                .isNotEmpty();
        var stats = DOOR.get("/v1/pool/stats").json();
        for (String member : List.of("warm", "assigned", "total")) {
            assertThat(stats.get(member).isIntegralNumber()).as(member).isTrue();
        }
        for (String member : List.of("warmTarget", "refreshInterval", "maxInstances", "scaleBatchSize")) {
            assertThat(stats.get("config").has(member)).as(member).isTrue();
        }
        assertThat(stats.has("maxInstances")).isTrue();
        for (String route : List.of("prime", "shutdown-prewarmed")) {
            var answer = DOOR.call("POST", "/v1/pool/" + route, "");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json().get("ok").asBoolean()).isTrue();
        }
        var document = DOOR.get("/v1/openapi.json");
        assertThat(document.header("Content-Type")).startsWith("application/json");
        assertThat(document.json().get("openapi").asText()).isEqualTo("3.1.0");
        for (String path : List.of(
                "/v1/sandbox/{id}/exec", "/v1/sandbox/{id}/file/{path}", "/v1/sandbox/{id}/running", "/health")) {
            assertThat(document.json().get("paths").has(path)).as(path).isTrue();
        }
        for (String page : List.of("/v1/openapi", "/v1/openapi.html")) {
            var answer = DOOR.get(page);
            assertThat(answer.header("Content-Type")).startsWith("text/html");
            assertThat(answer.text()).startsWithIgnoringCase("<!doctype html");
        }
    }

    private static JsonNode start(String script) {
        var answer = DOOR.post(processes, Map.of("argv", List.of("sh", "-c", script), "label", "test"));
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return answer.json();
    }

    private static JsonNode output(String process, String query) {
        return DOOR.get(process + "/output" + query).json();
    }

    private static String text(JsonNode output) {
        return new String(Base64.getDecoder().decode(output.get("data").asText()), UTF_8);
    }

    private static String inSession(String session, String script) {
        return DOOR.run(id, Map.of("argv", List.of("sh", "-c", script)), "Session-Id", session)
                .out();
    }
}
