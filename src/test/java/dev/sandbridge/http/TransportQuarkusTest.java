package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract's chapter on transport and authentication. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(120)
class TransportQuarkusTest {
    private static final Door DOOR = Door.admin();
    private static final byte[] NOTHING = {};
    private static String id = "";

    @BeforeAll
    static void create() {
        id = DOOR.create();
    }

    @AfterAll
    static void remove() {
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    @DisplayName("statement 1: all routes work below any base prefix and without one")
    void allRoutesWorkBelowAnyPrefix() {
        for (String base : List.of("", "/team-a", "/a/v1/b", "/v1", "/p/default", "/x/p/default")) {
            String sandbox = base + "/v1/sandbox/" + id;
            assertThat(DOOR.get(base + "/health").status()).as(base).isEqualTo(200);
            assertThat(DOOR.get(base + "/v1/sandbox").status()).as(base).isEqualTo(200);
            assertThat(DOOR.get(sandbox).status()).as(base).isEqualTo(200);
            assertThat(DOOR.get(sandbox + "/running").json().get("running").asBoolean())
                    .as(base)
                    .isTrue();
            assertThat(Door.ran(DOOR.post(sandbox + "/exec", Map.of("argv", List.of("echo", "v1/sandbox"))))
                            .out())
                    .as(base)
                    .isEqualTo("v1/sandbox\n");
            assertThat(DOOR.call("PUT", sandbox + "/file/workspace/v1/sandbox/x", base)
                            .status())
                    .as(base)
                    .isEqualTo(200);
            assertThat(DOOR.get(sandbox + "/file/workspace/v1/sandbox/x").text())
                    .isEqualTo(base);
            assertThat(DOOR.get(base + "/v1/pool/stats").status()).as(base).isEqualTo(200);
            assertThat(DOOR.get(base + "/v1/openapi.json").status()).as(base).isEqualTo(200);
        }
    }

    @Test
    @DisplayName("statement 1: a prefix chooses the profile of new sandboxes")
    void aPrefixChoosesTheProfile() {
        var made = DOOR.call("POST", "/team-a/p/small/v1/sandbox", "");
        assertThat(made.json().get("profile").asText()).isEqualTo("small");
        assertThat(made.json().get("limits").get("memory").asLong()).isEqualTo(256 << 20);
        DOOR.delete("/v1/sandbox/" + made.json().get("id").asText());

        assertThat(DOOR.call("POST", "/p/none/v1/sandbox", "").status()).isEqualTo(400);
        assertThat(DOOR.post("/p/small/v1/sandbox", Map.of("profile", "default"))
                        .error())
                .contains("profile");
    }

    @Test
    @DisplayName("statement 2: requests share a connection, and an idle one stays usable")
    void connectionsAreKept() throws IOException {
        var config = ConfigProvider.getConfig().unwrap(SmallRyeConfig.class);
        assertThat(config.getValue("quarkus.http.idle-timeout", Duration.class)).isGreaterThan(Duration.ofSeconds(60));
        try (var wire = new Wire()) {
            assertThat(DOOR.call(wire, "GET", "/v1/sandbox", NOTHING).status()).isEqualTo(200);
            assertThat(wire.isClosedWithin(1500)).isFalse();
            assertThat(DOOR.call(wire, "GET", "/v1/sandbox", NOTHING).status()).isEqualTo(200);
            assertThat(DOOR.call(wire, "GET", "/v1/none", NOTHING).status()).isEqualTo(404);
            assertThat(DOOR.call(wire, "GET", "/health", NOTHING).status()).isEqualTo(200);
        }
    }

    @Test
    @DisplayName("statement 3: the scheme's name is accepted in any case")
    void theSchemeIsAcceptedInAnyCase() {
        for (String scheme : List.of("Bearer", "bearer", "BEARER", "bEaReR")) {
            assertThat(DOOR.get("/v1/sandbox", "Authorization", scheme + " " + DoorProfile.ADMIN)
                            .status())
                    .as(scheme)
                    .isEqualTo(200);
        }
    }

    @Test
    @DisplayName("statement 4: a missing or wrong key is 401 with error and code")
    void aMissingOrWrongKeyIsUnauthorized() {
        for (String header : List.of(
                "Bearer wrong",
                "Bearer ",
                "Bearer",
                "Basic " + DoorProfile.ADMIN,
                DoorProfile.ADMIN,
                "Bearer\tx",
                "")) {
            for (String target : List.of("/v1/sandbox", "/v1/sandbox/" + id, "/v1/pool/stats", "/v1/openapi.json")) {
                var answer = DOOR.get(target, "Authorization", header);
                assertThat(answer.status()).as(header).isEqualTo(401);
                assertThat(answer.header("Content-Type")).startsWith("application/json");
                assertThat(answer.error()).isEqualTo("Unauthorized");
                assertThat(answer.code()).isEqualTo("unauthorized");
            }
        }
        assertThat(new Door("").get("/v1/sandbox").status()).isEqualTo(401);
        assertThat(new Door("").get("/v1/sandbox?token=" + DoorProfile.ADMIN).status())
                .as("a key in the query opens the description only")
                .isEqualTo(401);
        assertThat(new Door("")
                        .get("/v1/openapi.json?token=" + DoorProfile.ADMIN)
                        .status())
                .isEqualTo(200);
    }

    @Test
    @DisplayName("statement 6: /health needs no key")
    void healthNeedsNoKey() {
        var answer = new Door("").get("/health");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().get("ok").asBoolean()).isTrue();
    }

    @Test
    @DisplayName("statement 8: every refusal is a JSON object with error and code")
    void everyRefusalIsAJsonObject() throws IOException {
        String sandbox = "/v1/sandbox/" + id;
        for (String request : List.of(
                "GET /",
                "GET //",
                "GET /v1",
                "GET /v2/sandbox",
                "GET /v1/sandbox/UPPER",
                "GET /v1/sandbox/..%2f..%2fhealth/running",
                "GET /v1/sandbox?limit=0",
                "GET /v1/sandbox?limit=%zz",
                "GET /v1/sandbox?label=x",
                "GET " + sandbox + "/file/workspace/%",
                "GET " + sandbox + "/file/workspace/none",
                "GET " + sandbox + "/file/etc/[id]{x}|^`\"<>\\",
                "GET " + sandbox + "/%66ile/workspace/none",
                "PUT " + sandbox + "/%66ile",
                "DELETE " + sandbox + "/f%69le/workspace/none",
                "GET " + sandbox + "/%65xec",
                "GET " + sandbox + "/none",
                "GET " + sandbox + "/processes/none",
                "POST " + sandbox + "/exec",
                "PUT " + sandbox + "/exec",
                "PROPFIND " + sandbox,
                "OPTIONS /v1/sandbox",
                "TRACE /v1/sandbox")) {
            try (var wire = new Wire()) {
                var reply = wire.send(request + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + DoorProfile.ADMIN
                                + "\r\n\r\n")
                        .reply(request);
                var answer = new Door.Answer(reply.status(), reply);
                assertThat(answer.status()).as(request).isNotEqualTo(500).isBetween(400, 599);
                assertThat(answer.header("Content-Type")).as(request).startsWith("application/json");
                assertThat(answer.error()).as(request).isNotEmpty();
                assertThat(answer.code()).as(request).isNotEmpty();
                assertThat(answer.json().has("retryable")).as(request).isTrue();
            }
        }
    }

    @Test
    @DisplayName("statement 8: a request without a host, or with one that cannot be, is the caller's mistake")
    void aRequestWithoutAHostIsMalformed() throws IOException {
        for (String host : List.of("", "Host: a b/c\r\n", "Host: x:999999\r\n", "Host: [::1\r\n")) {
            try (var wire = new Wire()) {
                var reply = wire.send("GET /v1/sandbox HTTP/1.1\r\n" + host + "Authorization: Bearer "
                                + DoorProfile.ADMIN + "\r\n\r\n")
                        .reply("GET");
                var answer = new Door.Answer(reply.status(), reply);
                assertThat(answer.status()).as(host).isEqualTo(400);
                assertThat(answer.code()).as(host).isEqualTo("invalid_request");
            }
        }
    }

    @Test
    @DisplayName("statement 8: a head that is too long is told so, at the limit it is not")
    void aHeadThatIsTooLongIsToldSo() throws IOException {
        String path = "/v1/sandbox/" + id + "/file/workspace/";
        for (int length : List.of(32 << 10, (32 << 10) + 1, 100_000)) {
            var answer = bare("GET " + path + "x".repeat(length - path.length()) + " HTTP/1.1\r\nHost: x\r\n");
            assertThat(answer.status()).as("%s", length).isEqualTo(length > 32 << 10 ? 414 : 400);
            assertThat(answer.code())
                    .as("%s", length)
                    .isEqualTo(length > 32 << 10 ? "uri_too_long" : "invalid_request");
        }
        for (int length : List.of(60 << 10, 64 << 10, 200_000)) {
            String headers = "X-Long: " + "x".repeat(length) + "\r\n";
            var answer = bare("GET /v1/sandbox/" + id + "/running HTTP/1.1\r\nHost: x\r\n" + headers);
            assertThat(answer.status()).as("%s", length).isEqualTo(length >= 64 << 10 ? 431 : 200);
            if (answer.status() != 200) {
                assertThat(answer.code()).isEqualTo("headers_too_large");
            }
        }
    }

    /** One request on a connection of its own. */
    private static Door.Answer bare(String head) throws IOException {
        try (var wire = new Wire()) {
            var reply = wire.send(head + "Authorization: Bearer " + DoorProfile.ADMIN + "\r\n\r\n")
                    .reply("GET");
            return new Door.Answer(reply.status(), reply);
        }
    }

    @Test
    @DisplayName("statement 8: with Accept: application/problem+json it is a problem of RFC 9457")
    void refusalsAreProblemsOnRequest() {
        var answer = DOOR.get("/v1/sandbox/nothing", "Accept", "application/problem+json");
        assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
        for (String member : List.of("type", "title", "detail", "instance", "error", "code")) {
            assertThat(answer.json().get(member).asText()).as(member).isNotEmpty();
        }
        assertThat(answer.json().get("status").asInt()).isEqualTo(answer.status());
    }

    @Test
    @DisplayName("statement 9: an unknown route or method is 404")
    void anUnknownRouteOrMethodIsNotFound() {
        for (String target : List.of("/", "/v1", "/v1/none", "/v1/sandbox/" + id + "/none", "/v1/pool/none")) {
            assertThat(DOOR.get(target).status()).as(target).isEqualTo(404);
        }
        for (String method : List.of("PUT", "PATCH", "OPTIONS", "DELETE")) {
            assertThat(DOOR.call(method, "/v1/sandbox", "{}").status())
                    .as(method)
                    .isEqualTo(404);
        }
        assertThat(DOOR.get("/v1/sandbox/" + id + "/exec").status()).isEqualTo(404);
    }

    @Test
    @DisplayName("statement 10: an id that cannot be one is 400, Invalid sandbox ID format")
    void anIdThatCannotBeOneIsRefused() {
        for (String bad : List.of(
                "foo;rm", "a".repeat(129), "UPPER", "a_b", "0189", "a%20b", "%2e%2e", "a%2Fb", "x".repeat(25), "ä")) {
            for (String route : List.of("", "/running", "/file/workspace/x")) {
                var answer = DOOR.get("/v1/sandbox/" + bad + route);
                assertThat(answer.status()).as(bad + route).isEqualTo(400);
                assertThat(answer.error()).as(bad + route).contains("Invalid sandbox ID format");
                assertThat(answer.code()).as(bad + route).isEqualTo("invalid_request");
            }
        }
    }

    @Test
    @DisplayName("statement 11: nothing redirects")
    void nothingRedirects() {
        for (String suffix : List.of("", "/")) {
            assertThat(DOOR.call("POST", "/v1/sandbox/" + id + "/exec" + suffix, "{\"argv\":[\"true\"]}")
                            .status())
                    .isEqualTo(200);
        }
        assertThat(DOOR.write(id, "workspace/r", NOTHING).status()).isEqualTo(200);
        var made = DOOR.call("POST", "/v1/sandbox/", "");
        assertThat(made.status()).isEqualTo(200);
        DOOR.delete("/v1/sandbox/" + made.json().get("id").asText());
    }

    @Test
    @DisplayName("statement 12: a body of 32 MiB is accepted on PUT and hydrate")
    void aBodyOf32MiBIsAccepted() {
        byte[] body = new byte[32 << 20];
        assertThat(DOOR.write(id, "workspace/big", body).status()).isEqualTo(200);
        assertThat(DOOR.sh(id, "stat -c %s big && tar cf t big").out()).isEqualTo("33554432\n");
        byte[] archive = DOOR.read(id, "workspace/t").bytes();
        assertThat(archive.length).isGreaterThan(32 << 20);
        DOOR.sh(id, "rm big t");
        assertThat(DOOR.call("POST", "/v1/sandbox/" + id + "/hydrate", archive).status())
                .isEqualTo(200);
        assertThat(DOOR.sh(id, "stat -c %s big && rm big").out()).isEqualTo("33554432\n");
    }

    @Test
    @DisplayName("statement 13: content types mean nothing: none, wrong ones, and empty bodies are accepted")
    void contentTypesMeanNothing() throws IOException {
        for (String type :
                List.of("application/octet-stream", "application/json", "text/plain", "nonsense", "a/b/c", "")) {
            try (var wire = new Wire()) {
                wire.send("POST /v1/sandbox HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + DoorProfile.ADMIN
                        + "\r\nContent-Type: " + type + "\r\nContent-Length: 0\r\n\r\n");
                var made = new Door.Answer(200, wire.reply("POST"));
                String sandbox = made.json().get("id").asText();
                wire.send("POST /v1/sandbox/" + sandbox + "/exec HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                        + DoorProfile.ADMIN + "\r\nContent-Type: " + type
                        + "\r\nContent-Length: 17\r\n\r\n{\"argv\":[\"true\"]}");
                assertThat(wire.reply("POST").status()).as(type).isEqualTo(200);
                wire.send("DELETE /v1/sandbox/" + sandbox + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                        + DoorProfile.ADMIN + "\r\nContent-Length: 0\r\n\r\n");
                assertThat(wire.reply("DELETE").status()).as(type).isEqualTo(204);
            }
        }
    }

    @Test
    @DisplayName("statement 14: nothing is compressed, asked for or not")
    void nothingIsCompressed() {
        DOOR.write(id, "workspace/plain", "x".repeat(100_000).getBytes(ISO_8859_1));
        var file = DOOR.get(Door.file(id, "workspace/plain"), "Accept-Encoding", "gzip, deflate, br");
        assertThat(file.header("Content-Encoding")).isEmpty();
        assertThat(file.bytes()).hasSize(100_000);
        var exec = DOOR.post(
                "/v1/sandbox/" + id + "/exec",
                Map.of("argv", List.of("head", "-c", "100000", "/dev/zero")),
                "Accept-Encoding",
                "gzip, deflate, br");
        assertThat(exec.header("Content-Encoding")).isEmpty();
        assertThat(Door.ran(exec).stdout()).hasSize(100_000);
    }

    @Test
    @DisplayName("statement 16: no cookies, and any connection carries any request")
    void noCookies() throws IOException {
        try (var first = new Wire();
                var second = new Wire()) {
            for (int i = 0; i < 3; i++) {
                for (Wire wire : List.of(first, second)) {
                    var answer = DOOR.call(wire, "GET", "/v1/sandbox/" + id + "/running", NOTHING);
                    assertThat(answer.json().get("running").asBoolean()).isTrue();
                    assertThat(answer.header("Set-Cookie")).isEmpty();
                }
            }
        }
    }
}
