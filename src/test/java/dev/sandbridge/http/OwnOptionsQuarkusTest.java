package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What create, exec and the file routes offer beside the contract. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(120)
@Tag("lambda-http")
class OwnOptionsQuarkusTest {
    private static final Door DOOR = Door.admin();
    private static String id = "";

    @BeforeAll
    static void create() {
        id = DOOR.create(Map.of("env", Map.of("FROM_CREATE", "c")));
    }

    @AfterAll
    static void remove() {
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    void createTakesOptionsAndTellsThem() {
        var answer = DOOR.post(
                "/v1/sandbox",
                Map.of(
                        "name", "options",
                        "profile", "small",
                        "env", Map.of("SECRET", "hidden", "A", "1"),
                        "labels", Map.of("team", "blue"),
                        "ttl", "PT90S",
                        "timeouts", Map.of("exec", 2.5, "fast_op", "PT7S"),
                        "limits", Map.of("memory", "128MiB", "processes", 64, "cpu", 500, "output", 4096),
                        "exposedPorts", List.of(8080)));
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        var made = answer.json();
        assertThat(answer.text()).doesNotContain("hidden");
        assertThat(made.get("created").asBoolean()).isTrue();
        assertThat(made.get("name").asText()).isEqualTo("options");
        assertThat(made.get("profile").asText()).isEqualTo("small");
        assertThat(made.get("ttl").asDouble()).isEqualTo(90);
        assertThat(made.get("timeouts").get("exec").asDouble()).isEqualTo(2.5);
        assertThat(made.get("timeouts").get("fast_op").asDouble()).isEqualTo(7);
        assertThat(made.get("limits").get("memory").asLong()).isEqualTo(128 << 20);
        assertThat(made.get("limits").get("cpu").asInt()).isEqualTo(500);
        assertThat(made.get("labels").get("team").asText()).isEqualTo("blue");
        assertThat(made.get("env_names")).hasSize(2);
        assertThat(made.get("exposed_ports").get(0).asInt()).isEqualTo(8080);

        String options = made.get("id").asText();
        var again = DOOR.post("/v1/sandbox", Map.of("name", "options", "profile", "small"))
                .json();
        assertThat(again.get("id").asText()).isEqualTo(options);
        assertThat(again.get("created").asBoolean()).isFalse();
        assertThat(DOOR.sh(options, "echo $SECRET").out()).isEqualTo("hidden\n");
        long start = System.nanoTime();
        assertThat(DOOR.sh(options, "sleep 30").code())
                .as("the sandbox's own limit")
                .isEqualTo(124);
        assertThat(System.nanoTime() - start).isLessThan(Duration.ofSeconds(10).toNanos());
        var described = DOOR.get("/v1/sandbox/" + options);
        assertThat(described.json().has("created")).isFalse();
        assertThat(described.text()).doesNotContain("hidden");
        DOOR.delete("/v1/sandbox/" + options);
    }

    @Test
    void unusableCreateOptionsAreRefusedByName() {
        for (String misspelt : List.of("{\"limits\":{\"memroy\":\"1G\"}}", "{\"timeouts\":{\"exce\":5}}")) {
            var answer = DOOR.post("/v1/sandbox", misspelt);
            assertThat(answer.status()).as(misspelt).isEqualTo(400);
            assertThat(answer.error()).contains("must be an object with no members but ");
        }
        for (var bad : Map.of(
                        "{\"name\":7}", "name must be",
                        "{\"env\":{\"A\":1}}", "env must be",
                        "{\"labels\":[]}", "labels must be",
                        "{\"ttl\":-1}", "ttl must be",
                        "{\"ttl\":\"soon\"}", "ttl must be",
                        "{\"timeouts\":{\"exec\":0}}", "timeouts.exec must be",
                        "{\"limits\":{\"memory\":\"lots\"}}", "limits.memory must",
                        "{\"limits\":{\"processes\":\"4\"}}", "limits.processes must be",
                        "{\"exposedPorts\":[0]}", "exposedPorts must be",
                        "{\"profile\":\"none\"}", "profile")
                .entrySet()) {
            var answer = DOOR.post("/v1/sandbox", bad.getKey());
            assertThat(answer.status()).as(bad.getKey()).isEqualTo(400);
            assertThat(answer.error()).as(bad.getKey()).contains(bad.getValue());
        }
        var tooMuch = DOOR.post("/v1/sandbox", "{\"profile\":\"small\",\"limits\":{\"memory\":\"1T\"}}");
        assertThat(tooMuch.status()).isEqualTo(400);
        assertThat(tooMuch.code()).isEqualTo("limit_out_of_range");
        assertThat(DOOR.post("/v1/sandbox", "{\"ttl\":1e999999999}").status()).isEqualTo(400);
        assertThat(DOOR.post("/v1/sandbox", "[".repeat(100_000)).status()).isEqualTo(400);
    }

    @Test
    void updateRenewsAndRelabels() {
        String target = DOOR.create(Map.of("labels", Map.of("a", "1", "b", "2"), "ttl", 60));
        var path = "/v1/sandbox/" + target;
        var changed = DOOR.call("PATCH", path, "{\"labels\":{\"a\":null,\"c\":\"3\"},\"ttl\":7200}")
                .json();
        assertThat(changed.get("labels").toString())
                .contains("\"b\":\"2\"", "\"c\":\"3\"")
                .doesNotContain("\"a\"");
        assertThat(changed.get("ttl").asDouble()).isEqualTo(7200);
        var until = Instant.now().plus(Duration.ofHours(5));
        var renewed = DOOR.call("PATCH", path, Door.json(Map.of("expires_at", until.toString())))
                .json();
        assertThat(Instant.parse(renewed.get("expires_at").asText())).isAfterOrEqualTo(until.minusSeconds(1));
        assertThat(DOOR.call("PATCH", path, "{\"expires_at\":\"tomorrow\"}").status())
                .isEqualTo(400);
        assertThat(DOOR.call("PATCH", path, "{\"labels\":{\"a\":1}}").status()).isEqualTo(400);
        DOOR.delete(path);
        assertThat(DOOR.call("PATCH", path, "{\"ttl\":60}").status()).isEqualTo(404);
    }

    @Test
    void sealedStateRestoresOptionsAfterDeletion() {
        var made =
                DOOR.post("/v1/sandbox", Map.of("env", Map.of("KEPT", "yes"))).json();
        String target = made.get("id").asText();
        String state = made.get("state").asText();
        DOOR.delete("/v1/sandbox/" + target);
        var echo = Map.of("argv", List.of("sh", "-c", "echo [$KEPT]"));
        assertThat(DOOR.run(target, echo, "Sandbridge-State", state).out()).isEqualTo("[yes]\n");
        DOOR.delete("/v1/sandbox/" + target);
        assertThat(DOOR.run(target, echo).out()).isEqualTo("[]\n");

        for (String bad : List.of(
                "x",
                state + "A",
                "A".repeat(7000),
                DOOR.get("/v1/sandbox/" + id).json().get("state").asText())) {
            var answer = DOOR.post("/v1/sandbox/" + target + "/exec", echo, "Sandbridge-State", bad);
            assertThat(answer.status()).as(bad).isEqualTo(400);
        }
        DOOR.delete("/v1/sandbox/" + target);
    }

    @Test
    void execTakesEnvironmentAndInput() {
        assertThat(DOOR.run(
                                id,
                                Map.of(
                                        "argv", List.of("sh", "-c", "echo $FROM_CREATE $FROM_CALL; cat; echo end"),
                                        "env", Map.of("FROM_CALL", "x y"),
                                        "stdin", "in ü\n"))
                        .out())
                .isEqualTo("c x y\nin ü\nend\n");
        byte[] binary = {0, (byte) 0xFF, '\n', 7};
        assertThat(DOOR.run(
                                id,
                                Map.of(
                                        "argv", List.of("cat"),
                                        "stdin_base64", Base64.getEncoder().encodeToString(binary)))
                        .stdout())
                .isEqualTo(binary);
        String large = "0123456789abcdef".repeat(200_000);
        assertThat(DOOR.run(id, Map.of("argv", List.of("md5sum"), "stdin", large))
                        .out())
                .isEqualTo(DOOR.sh(id, "yes 0123456789abcdef | tr -d '\\n' | head -c 3200000 | md5sum")
                        .out());
        assertThat(DOOR.run(id, Map.of("argv", List.of("true"), "stdin", large)).code())
                .as("a command that does not read its input")
                .isZero();
    }

    @Test
    void execRunsAsAnotherUserWhereOffered() {
        DOOR.sh(id, "useradd -U -M -s /usr/sbin/nologin runner");
        var answer = DOOR.post("/v1/sandbox/" + id + "/exec", Map.of("argv", List.of("id", "-un"), "user", "runner"));
        if (answer.status() == 200) {
            assertThat(Door.ran(answer).out()).isEqualTo("runner\n");
            assertThat(DOOR.post("/v1/sandbox/" + id + "/exec", Map.of("argv", List.of("id"), "user", "no-such-user"))
                            .status())
                    .isEqualTo(400);
        } else {
            assertThat(answer.code()).isEqualTo("capability_unavailable");
        }
    }

    @Test
    void execAnswersOneObjectOnRequest() {
        var answer = exec("echo out; echo err >&2; exit 3");
        assertThat(answer.header("Content-Type")).startsWith("application/json");
        var json = answer.json();
        assertThat(json.get("exit_code").asInt()).isEqualTo(3);
        assertThat(json.get("stdout").asText()).isEqualTo("out\n");
        assertThat(json.get("stderr").asText()).isEqualTo("err\n");
        assertThat(json.get("truncated").asBoolean()).isFalse();
        assertThat(json.get("timed_out").asBoolean()).isFalse();
        assertThat(json.get("signal").isNull()).isTrue();
        assertThat(json.get("duration_ms").asLong()).isNotNegative();

        assertThat(exec("kill -9 $$").json().get("signal").asText()).isEqualTo("KILL");
        assertThat(exec("exit 124").json().get("timed_out").asBoolean()).isFalse();
        var late = DOOR.post(
                        "/v1/sandbox/" + id + "/exec",
                        Map.of("argv", List.of("sleep", "30"), "timeout_ms", 300),
                        "Accept",
                        "application/json")
                .json();
        assertThat(late.get("timed_out").asBoolean()).isTrue();
        assertThat(late.get("exit_code").asInt()).isEqualTo(124);
        var binary = exec("printf '\\377'").json();
        assertThat(binary.has("stdout")).isFalse();
        assertThat(binary.get("stdout_base64").asText()).isEqualTo("/w==");
        var much = exec("head -c 3000000 /dev/zero | tr '\\0' x; echo done >&2").json();
        assertThat(much.get("truncated").asBoolean()).isTrue();
        assertThat(much.get("stdout").asText()).hasSize(1 << 20);
        assertThat(much.get("stderr").asText()).isEqualTo("done\n");
    }

    @Test
    void theStreamIsWhatEverybodyElseGets() {
        for (String accept :
                List.of("*/*", "text/event-stream", "application/json, text/event-stream", "text/html", "")) {
            var answer = DOOR.post("/v1/sandbox/" + id + "/exec", Map.of("argv", List.of("true")), "Accept", accept);
            assertThat(answer.header("Content-Type")).as(accept).isEqualTo("text/event-stream");
        }
    }

    @Test
    void tooMuchOutputIsAnErrorInEitherForm() {
        String small = DOOR.create(Map.of("profile", "small"));
        var command = Map.of("argv", List.of("head", "-c", "3000000", "/dev/zero"));
        var events =
                Door.events(DOOR.post("/v1/sandbox/" + small + "/exec", command).text());
        assertThat(events.getLast().name()).isEqualTo("error");
        assertThat(events.getLast().data()).contains("output_limit_exceeded").matches("\\p{ASCII}*");
        var object = DOOR.post("/v1/sandbox/" + small + "/exec", command, "Accept", "application/json");
        assertThat(object.status()).isEqualTo(422);
        assertThat(object.code()).isEqualTo("output_limit_exceeded");
        DOOR.delete("/v1/sandbox/" + small);
    }

    @Test
    void filesAreReadInRanges() {
        DOOR.write(id, "workspace/range", "0123456789".getBytes(UTF_8));
        String file = Door.file(id, "workspace/range");
        for (String[] range : new String[][] {
            {"bytes=0-0", "0", "bytes 0-0/10"},
            {"bytes=2-4", "234", "bytes 2-4/10"},
            {"bytes=7-", "789", "bytes 7-9/10"},
            {"bytes=-3", "789", "bytes 7-9/10"},
            {"bytes=-99", "0123456789", "bytes 0-9/10"},
            {"bytes=5-999999999999", "56789", "bytes 5-9/10"}
        }) {
            var answer = DOOR.get(file, "Range", range[0]);
            assertThat(answer.status()).as(range[0]).isEqualTo(206);
            assertThat(answer.text()).as(range[0]).isEqualTo(range[1]);
            assertThat(answer.header("Content-Range")).isEqualTo(range[2]);
        }
        for (String unsatisfiable : List.of("bytes=10-", "bytes=99-100", "bytes=-0")) {
            var answer = DOOR.get(file, "Range", unsatisfiable);
            assertThat(answer.status()).as(unsatisfiable).isEqualTo(416);
            assertThat(answer.header("Content-Range")).isEqualTo("bytes */10");
            assertThat(answer.code()).isEqualTo("range_not_satisfiable");
        }
        for (String ignored : List.of("bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=x", "bytes=-")) {
            assertThat(DOOR.get(file, "Range", ignored).text()).as(ignored).isEqualTo("0123456789");
        }
        assertThat(DOOR.get(file, "Range", "bytes=0-1", "If-Range", "\"x\"").status())
                .isEqualTo(200);
        DOOR.write(id, "workspace/none", new byte[0]);
        assertThat(DOOR.get(Door.file(id, "workspace/none"), "Range", "bytes=0-")
                        .status())
                .isEqualTo(416);
        assertThat(DOOR.get(Door.file(id, "workspace/missing"), "Range", "bytes=-5")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void headTellsSizeAndAge() {
        DOOR.write(id, "workspace/head", new byte[12345]);
        DOOR.sh(id, "touch -d '2020-02-03 04:05:06 UTC' head; mkdir -p headdir");
        var answer = DOOR.call("HEAD", Door.file(id, "workspace/head"), "");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Length")).isEqualTo("12345");
        assertThat(answer.header("Accept-Ranges")).isEqualTo("bytes");
        assertThat(answer.header("Last-Modified")).isEqualTo("Mon, 3 Feb 2020 04:05:06 GMT");
        assertThat(DOOR.call("HEAD", Door.file(id, "workspace/headdir"), "").status())
                .isEqualTo(409);
    }

    @Test
    void filesAndDirectoriesAreRemoved() {
        DOOR.write(id, "workspace/gone/a", new byte[1]);
        assertThat(DOOR.delete(Door.file(id, "workspace/gone")).status()).isEqualTo(409);
        assertThat(DOOR.delete(Door.file(id, "workspace/gone") + "?recursive=maybe")
                        .status())
                .isEqualTo(400);
        assertThat(DOOR.delete(Door.file(id, "workspace/gone/a")).status()).isEqualTo(204);
        DOOR.write(id, "workspace/gone/b/c", new byte[1]);
        assertThat(DOOR.delete(Door.file(id, "workspace/gone") + "?recursive=true")
                        .status())
                .isEqualTo(204);
        assertThat(DOOR.delete(Door.file(id, "workspace/gone")).status()).isEqualTo(404);
        DOOR.sh(id, "mkdir kept; touch kept/f; ln -s kept link");
        assertThat(DOOR.delete(Door.file(id, "workspace/link") + "?recursive").status())
                .isEqualTo(204);
        assertThat(DOOR.sh(id, "ls kept").out()).isEqualTo("f\n");
    }

    @Test
    void directoriesAreMade() {
        var made = DOOR.post("/v1/sandbox/" + id + "/mkdir", "{\"path\":\"m/k\",\"parents\":true,\"mode\":\"0750\"}");
        assertThat(made.status()).as(made.text()).isEqualTo(200);
        assertThat(made.json().get("type").asText()).isEqualTo("directory");
        assertThat(made.json().get("mode").asText()).isEqualTo("0750");
        for (Object[] each : new Object[][] {
            {"{\"path\":\"m/k\"}", 409},
            {"{\"path\":\"m/k\",\"parents\":true}", 200},
            {"{\"path\":\"x/y/z\"}", 404},
            {"{\"path\":\"/etc/x\"}", 403},
            {"{}", 400},
            {"{\"path\":\"n\",\"mode\":\"rwx\"}", 400},
            {"{\"path\":\"n\",\"parents\":\"yes\"}", 400}
        }) {
            assertThat(DOOR.post("/v1/sandbox/" + id + "/mkdir", each[0]).status())
                    .as(each[0].toString())
                    .isEqualTo(each[1]);
        }
    }

    @Test
    void directoriesAreListedWhateverTheirEntriesAreCalled() throws IOException {
        DOOR.sh(
                id,
                "mkdir list && cd list && touch plain 'a\nb' '\"q\"' && mkdir d && ln -s 'to\nthere' l && mkfifo p"
                        + " && printf 1234 > plain && chmod 0640 plain && touch -d '2020-02-03 04:05:06 UTC' plain");
        var array = DOOR.get("/v1/sandbox/" + id + "/files?path=list");
        assertThat(array.header("Content-Type")).isEqualTo("application/json");
        assertThat(array.json()).hasSize(6);
        var byName = new HashMap<String, JsonNode>();
        array.json().forEach(entry -> byName.put(entry.get("name").asText(), entry));
        assertThat(byName.keySet()).containsExactlyInAnyOrder("plain", "a\nb", "\"q\"", "d", "l", "p");
        var plain = entry(byName, "plain");
        assertThat(plain.get("type").asText()).isEqualTo("file");
        assertThat(plain.get("mode").asText()).isEqualTo("0640");
        assertThat(plain.get("size").asLong()).isEqualTo(4);
        assertThat(plain.get("modified").asText()).isEqualTo("2020-02-03T04:05:06Z");
        assertThat(plain.get("user").asText()).isNotEmpty();
        assertThat(entry(byName, "d").get("type").asText()).isEqualTo("directory");
        assertThat(entry(byName, "l").get("target").asText()).isEqualTo("to\nthere");
        assertThat(entry(byName, "p").get("type").asText()).isEqualTo("other");

        var lines = DOOR.get("/v1/sandbox/" + id + "/files?path=/workspace/list", "Accept", "application/x-ndjson");
        assertThat(lines.header("Content-Type")).isEqualTo("application/x-ndjson");
        assertThat(lines.text().lines()).hasSize(6);
        for (String line : lines.text().lines().toList()) {
            assertThat(byName).containsKey(Door.JSON.readTree(line).get("name").asText());
        }
        assertThat(DOOR.get("/v1/sandbox/" + id + "/files?path=none").status()).isEqualTo(404);
        assertThat(DOOR.get("/v1/sandbox/" + id + "/files?path=list/plain").status())
                .isEqualTo(409);
        assertThat(DOOR.get("/v1/sandbox/" + id + "/files?path=/etc").status()).isEqualTo(403);
        DOOR.sh(id, "mkdir many; cd many; seq 1 5000 | xargs touch");
        assertThat(DOOR.get("/v1/sandbox/" + id + "/files?path=many").json()).hasSize(5000);
    }

    private static Door.Answer exec(String script) {
        return DOOR.post(
                "/v1/sandbox/" + id + "/exec",
                Map.of("argv", List.of("sh", "-c", script)),
                "Accept",
                "application/json");
    }

    private static JsonNode entry(Map<String, JsonNode> entries, String name) {
        return Objects.requireNonNull(entries.get(name), name);
    }
}
