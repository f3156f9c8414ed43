package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What the API offers beside the two SDKs' routes, and what an owner may see of another, with real sandboxes. */
@QuarkusTest
@TestProfile(LocalSandboxProfile.class)
class OwnRoutesQuarkusTest {
    private static final byte[] NOTHING = {};

    @TestHTTPResource("/")
    URI base;

    private final List<String> made = new ArrayList<>();
    private ApiClient api;

    @BeforeEach
    void open() {
        api = new ApiClient(base.toString(), LocalSandboxProfile.ADMIN);
    }

    @AfterEach
    void deleteAll() {
        made.forEach(api::delete);
    }

    @Test
    @DisplayName("identity: another owner's id is answered like one that never was, and nothing is touched")
    void foreignIdsAreAnsweredLikeUnknownOnes() {
        String id = create("{}");
        api.put(id, "/workspace/f", "mine");
        var key = ApiClient.json(api.send("POST", "/v1/keys", "{\"owner\":\"bob\",\"role\":\"use\"}")
                .body());
        var bob = new ApiClient(base.toString(), key.get("key").asText());
        String forged =
                (id.charAt(70) == 'a' ? id.substring(0, 70) + "b" : id.substring(0, 70) + "a") + id.substring(71);

        for (String other : new String[] {id, forged}) {
            assertThat(bob.send("GET", "/v1/sandbox/" + other + "/running", "").body())
                    .isEqualTo("{\"running\":false}");
            assertThat(bob.send("DELETE", "/v1/sandbox/" + other, "").statusCode())
                    .isEqualTo(204);
            assertThat(bob.send("POST", "/v1/sandbox/" + other + "/exec", "{\"argv\":[\"true\"]}")
                            .statusCode())
                    .isEqualTo(404);
            assertThat(bob.send("GET", "/v1/sandbox/" + other + "/file/workspace/f", "")
                            .body())
                    .doesNotContain("mine");
            assertThat(bob.send("PUT", "/v1/sandbox/" + other + "/file/workspace/f", "x")
                            .statusCode())
                    .isEqualTo(404);
        }
        assertThat(bob.send("GET", "/v1/keys", "").statusCode()).isEqualTo(403);
        assertThat(api.sh(id, "cat f").stdout()).isEqualTo("mine");
    }

    @Test
    @DisplayName("create: a name gives the same sandbox again; labels, env, ttl and limits are kept and changed")
    void optionsBesideTheContracts() {
        String options = "{\"name\":\"work\",\"env\":{\"A\":\"1\"},\"labels\":{\"team\":\"blue\"},\"ttl\":3600,"
                + "\"limits\":{\"memory\":\"256MiB\"}}";
        String id = create(options);

        assertThat(api.create(options)).isEqualTo(id);
        assertThat(api.sh(id, "echo $A").stdout()).isEqualTo("1\n");
        var seen = ApiClient.json(api.send("GET", "/v1/sandbox/" + id, "").body());
        assertThat(seen.at("/limits/memory").asLong()).isEqualTo(256L << 20);
        assertThat(seen.at("/labels/team").asText()).isEqualTo("blue");
        var listed = ApiClient.json(
                api.send("GET", "/v1/sandbox?label=team%3Dblue", "").body());
        assertThat(listed.toString()).contains(id);
        assertThat(api.send("PATCH", "/v1/sandbox/" + id, "{\"labels\":{\"team\":null,\"x\":\"y\"},\"ttl\":7200}")
                        .statusCode())
                .isEqualTo(200);
        var changed = ApiClient.json(api.send("GET", "/v1/sandbox/" + id, "").body());
        assertThat(changed.at("/labels").toString()).isEqualTo("{\"x\":\"y\"}");
        assertThat(changed.at("/ttl").asInt()).isEqualTo(7200);
        for (String bad : new String[] {
            "{\"limits\":{\"memory\":\"1PiB\"}}",
            "{\"ttl\":-1}",
            "{\"labels\":{\"\":\"x\"}}",
            "{\"profile\":\"none\"}",
            "{\"env\":{\"1\":\"x\"}}"
        }) {
            var refused = api.send("POST", "/v1/sandbox", bad);
            assertThat(refused.statusCode()).as(bad).isEqualTo(400);
            assertThat(ApiClient.json(refused.body()).get("code").asText()).isNotEmpty();
        }
    }

    @Test
    @DisplayName("state: the sealed state of a deleted sandbox brings its environment back")
    void sealedStateBringsTheEnvironmentBack() {
        var created = ApiClient.json(
                api.send("POST", "/v1/sandbox", "{\"env\":{\"KEPT\":\"yes\"}}").body());
        String id = created.get("id").asText();
        made.add(id);
        api.delete(id);

        var answer = api.raw(
                "POST",
                "/v1/sandbox/" + id + "/exec",
                "{\"argv\":[\"sh\",\"-c\",\"echo $KEPT\"]}".getBytes(StandardCharsets.UTF_8),
                "Sandbridge-State",
                created.get("state").asText(),
                "Accept",
                "application/json");

        assertThat(ApiClient.json(new String(answer.body(), StandardCharsets.UTF_8))
                        .get("stdout")
                        .asText())
                .isEqualTo("yes\n");
        var forged = api.raw(
                "POST",
                "/v1/sandbox/" + id + "/exec",
                "{\"argv\":[\"true\"]}".getBytes(StandardCharsets.UTF_8),
                "Sandbridge-State",
                "AAAA");
        assertThat(forged.statusCode()).isEqualTo(400);
    }

    @Test
    @DisplayName("processes: started, listed, read from an offset, fed, signalled, waited for")
    void processesOutliveACall() {
        String id = create("{}");
        String all = "/v1/sandbox/" + id + "/processes";
        var started = ApiClient.json(
                api.send("POST", all, "{\"argv\":[\"sh\",\"-c\",\"echo one; echo two >&2; cat; exit 5\"]}")
                        .body());
        String one = all + "/" + started.get("id").asText();

        assertThat(ApiClient.json(api.send("GET", all, "").body()).toString())
                .contains(started.get("id").asText());
        assertThat(api.send("POST", one + "/stdin?end=true", "typed\n").statusCode())
                .isIn(200, 204);
        var ended = ApiClient.json(
                api.send("POST", one + "/wait?timeout_ms=20000", "").body());
        assertThat(ended.get("exit_code").asInt()).isEqualTo(5);
        var output = ApiClient.json(api.send("GET", one + "/output?stream=stdout&offset=2&wait_ms=5000", "")
                .body());
        assertThat(output.get("offset").asLong()).isEqualTo(2);
        assertThat(new String(
                        java.util.Base64.getDecoder().decode(output.get("data").asText()), StandardCharsets.UTF_8))
                .startsWith("e\n");
        var sleeper = ApiClient.json(
                api.send("POST", all, "{\"argv\":[\"sleep\",\"60\"]}").body());
        String other = all + "/" + sleeper.get("id").asText();
        api.send("POST", other + "/signal", "{\"signal\":\"TERM\"}");
        assertThat(ApiClient.json(api.send("POST", other + "/wait?timeout_ms=20000", "")
                                .body())
                        .get("exit_code")
                        .asInt())
                .isEqualTo(143);
        assertThat(api.send("DELETE", other, "").statusCode()).isIn(200, 204);
        assertThat(api.send("GET", other, "").statusCode()).isEqualTo(404);
    }

    @Test
    @DisplayName("statement 119: health, pool and OpenAPI answer as the contract's script checks")
    void healthPoolAndOpenApiAnswer() {
        assertThat(ApiClient.json(api.send("GET", "/health", "").body())
                        .get("ok")
                        .asBoolean())
                .isTrue();
        var stats = ApiClient.json(api.send("GET", "/v1/pool/stats", "").body());
        assertThat(stats.get("warm").isInt()).isTrue();
        assertThat(stats.get("config").isObject()).isTrue();
        assertThat(ApiClient.json(api.send("POST", "/v1/pool/prime", "").body())
                        .get("ok")
                        .asBoolean())
                .isTrue();
        var openApi = ApiClient.json(api.send("GET", "/v1/openapi.json", "").body());
        assertThat(openApi.get("openapi").asText()).isEqualTo("3.1.0");
        assertThat(openApi.get("paths").has("/v1/sandbox/{id}/exec")).isTrue();
        assertThat(api.send("GET", "/v1/openapi.html", "").body().toLowerCase(java.util.Locale.ROOT))
                .startsWith("<!doctype html");
        assertThat(api.raw("GET", "/v1/openapi", NOTHING).statusCode()).isEqualTo(200);
    }

    @Test
    @DisplayName("statement 117: a session keeps directory and environment; odd ids are 400")
    void aSessionKeepsDirectoryAndEnvironment() {
        String id = create("{}");
        String path = "/v1/sandbox/" + id;
        api.sh(id, "mkdir dir");
        session(id, "{\"argv\":[\"cd\",\"dir\"]}");
        session(id, "{\"argv\":[\"export\",\"KEPT=a b\"]}");

        assertThat(session(id, "{\"argv\":[\"sh\",\"-c\",\"pwd; echo $KEPT\"]}"))
                .isEqualTo("/workspace/dir\na b\n");
        assertThat(api.sh(id, "pwd; echo ${KEPT:-none}").stdout()).isEqualTo("/workspace\nnone\n");
        var made = api.send(
                "POST", path + "/session", "{\"id\":\"made\",\"cwd\":\"/workspace/dir\",\"env\":{\"A\":\"1\"}}");
        assertThat(ApiClient.json(made.body()).get("id").asText()).isEqualTo("made");
        var gone = api.send("DELETE", path + "/session/s1", "");
        assertThat(gone.statusCode()).isEqualTo(200);
        assertThat(ApiClient.json(gone.body()).get("success").asBoolean()).isTrue();
        assertThat(session(id, "{\"argv\":[\"pwd\"]}")).isEqualTo("/workspace\n");
        for (String bad : new String[] {"a b", "..", "a..b", "x".repeat(129)}) {
            var refused = api.raw(
                    "POST", path + "/exec", "{\"argv\":[\"pwd\"]}".getBytes(StandardCharsets.UTF_8), "Session-Id", bad);
            assertThat(refused.statusCode()).as(bad).isEqualTo(400);
        }
    }

    @Test
    @DisplayName("statements 39, 40, 41, 42: base64 on one line, one integer exit, last, and the body ends behind it")
    void theStreamIsFramedAsTheContractSays() {
        String id = create("{}");
        var events = api.events(id, "{\"argv\":[\"sh\",\"-c\",\"echo out; echo err >&2; exit 3\"]}");

        assertThat(events.answer().headers().firstValue("content-type")).contains("text/event-stream");
        assertThat(events.answer().headers().firstValue("cache-control")).contains("no-cache");
        assertThat(events.answer().headers().firstValue("content-encoding")).isEmpty();
        assertThat(events.exit()).isEqualTo(3);
        assertThat(events.stdout()).isEqualTo("out\n");
        assertThat(events.stderr()).isEqualTo("err\n");
        assertThat(api.events(id, "{\"argv\":[\"no-such-program\"]}").exit()).isEqualTo(127);
    }

    @Test
    @DisplayName("files: HEAD, Range, mkdir, DELETE beside the contract's routes")
    void ourOwnRoutesBesideTheContracts() {
        String id = create("{}");
        api.put(id, "/workspace/f", "0123456789");
        String path = "/v1/sandbox/" + id + "/file/workspace/f";
        String tree = "/v1/sandbox/" + id + "/file/workspace/tree";

        var head = api.raw("HEAD", path, NOTHING);
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.headers().firstValue("content-length")).contains("10");
        var part = api.raw("GET", path, NOTHING, "Range", "bytes=2-4");
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.headers().firstValue("content-range")).contains("bytes 2-4/10");
        assertThat(text(part)).isEqualTo("234");
        assertThat(text(api.raw("GET", path, NOTHING, "Range", "bytes=-3"))).isEqualTo("789");
        assertThat(api.raw("GET", path, NOTHING, "Range", "bytes=10-").statusCode())
                .isEqualTo(416);
        assertThat(api.raw("DELETE", path, NOTHING).statusCode()).isIn(200, 204);
        assertThat(api.raw("GET", path, NOTHING).statusCode()).isEqualTo(404);
        api.sh(id, "mkdir -p tree/below");
        assertThat(api.raw("DELETE", tree, NOTHING).statusCode()).isEqualTo(409);
        assertThat(api.raw("DELETE", tree + "?recursive=true", NOTHING).statusCode())
                .isIn(200, 204);
    }

    @Test
    @DisplayName("exec: stdin, env and Accept: application/json beside the contract's members")
    void ourOwnMembersBesideTheContracts() {
        String id = create("{}");
        var answer = api.send(
                "POST",
                "/v1/sandbox/" + id + "/exec",
                "{\"argv\":[\"sh\",\"-c\",\"cat; echo $GREETING\"],\"stdin\":\"typed\\n\","
                        + "\"env\":{\"GREETING\":\"hi\"}}");

        var result = ApiClient.json(answer.body());
        assertThat(result.get("stdout").asText()).isEqualTo("typed\nhi\n");
        assertThat(result.get("exit_code").asInt()).isZero();
        assertThat(result.get("timed_out").asBoolean()).isFalse();
    }

    @Test
    @DisplayName("statement 15: arguments, environment, keys and query strings reach no log")
    void secretsReachNoLog() {
        String id = create("{\"env\":{\"S\":\"secret-in-env\"}}");
        var lines = new java.util.concurrent.ConcurrentLinkedQueue<String>();
        var handler = new java.util.logging.Handler() {
            @Override
            public void publish(java.util.logging.LogRecord line) {
                lines.add(line.getMessage() + java.util.Arrays.toString(line.getParameters()) + line.getThrown());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        var root = java.util.logging.Logger.getLogger("");
        root.addHandler(handler);
        try {
            java.util.logging.Logger.getLogger("dev.sandbridge.test").warning("the handler hears");
            api.sh(id, "echo secret-in-argv");
            api.sh(id, "exit 3; secret-in-argv");
            api.send("GET", "/v1/openapi.json?token=secret-in-query", "");
            api.send("POST", "/v1/sandbox/" + id + "/exec?q=secret-in-query", "{\"argv\":[\"secret-in-argv\", 1]}");
            new ApiClient(base.toString(), "secret-wrong-key-0123456789").send("GET", "/v1/sandbox", "");
        } finally {
            root.removeHandler(handler);
        }
        assertThat(lines).anyMatch(line -> line.contains("the handler hears"));
        assertThat(lines).noneMatch(line -> line.contains("secret-") || line.contains(LocalSandboxProfile.ADMIN));
    }

    private String session(String id, String body) {
        var answer = api.raw(
                "POST",
                "/v1/sandbox/" + id + "/exec",
                body.getBytes(StandardCharsets.UTF_8),
                "Session-Id",
                "s1",
                "Accept",
                "application/json");
        return ApiClient.json(text(answer)).get("stdout").asText();
    }

    private String create(String options) {
        String id = api.create(options);
        made.add(id);
        return id;
    }

    private static String text(HttpResponse<byte[]> answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }
}
