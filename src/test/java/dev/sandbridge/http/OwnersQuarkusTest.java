package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Owners and their keys, seen from outside. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(120)
@Tag("lambda-http")
class OwnersQuarkusTest {
    private static final Door ADMIN = Door.admin();

    private static final String SANDBOX = "/v1/sandbox/{id}";

    /** What can be done with a sandbox, each as method, rest of the path, body. */
    private static final String[][] CALLS = {
        {"GET", "", ""},
        {"PATCH", "", "{\"ttl\":5}"},
        {"GET", "/running", ""},
        {"GET", "/file/workspace/private", ""},
        {"PUT", "/file/workspace/private", "x"},
        {"DELETE", "/file/workspace/private", ""},
        {"GET", "/files", ""},
        {"POST", "/mkdir", "{\"path\":\"d\"}"},
        {"POST", "/exec", "{\"argv\":[\"true\"]}"},
        {"POST", "/processes", "{\"argv\":[\"true\"]}"},
        {"GET", "/processes", ""},
        {"GET", "/processes/p", ""},
        {"GET", "/processes/p/output", ""},
        {"POST", "/processes/p/stdin", "x"},
        {"POST", "/processes/p/signal", "{\"signal\":\"TERM\"}"},
        {"POST", "/processes/p/wait", ""},
        {"DELETE", "/processes/p", ""},
        {"POST", "/session", "{}"},
        {"DELETE", "/session/s", ""},
        {"HEAD", "/file/workspace/private", ""},
        {"POST", "/persist", ""},
        {"GET", "/reports/1", ""},
        {"POST", "/hydrate", "x"},
        {"POST", "/snapshots", ""},
        {"GET", "/snapshots", ""},
        {"GET", "/snapshots/s", ""},
        {"DELETE", "/snapshots/s", ""},
        {"POST", "/restore", "{\"snapshot\":\"s\"}"},
        {"GET", "/pty", ""},
        {"POST", "/pty", "{\"command\":\"true\"}"},
        {"DELETE", "/pty", ""},
        {"POST", "/pty/1000", "{}"},
        {"DELETE", "/pty/1000", ""},
        {"POST", "/pty/ticket", "{}"},
        {"GET", "/ptys", ""},
        {"GET", "/manifests/" + "0".repeat(64), ""},
        {"POST", "/ports", "{\"port\":3000}"},
        {"GET", "/ports", ""},
        {"DELETE", "/ports/3000", ""},
        {"DELETE", "", ""}
    };

    @Test
    @DisplayName("statement 7: a key never reaches another owner's sandbox, and learns nothing of it")
    void aKeyNeverReachesAnotherOwnersSandbox() {
        var owner = Door.owner("team-a");
        var stranger = Door.owner("team-b");
        String id = owner.create(Map.of("name", "shared-name"));
        owner.write(id, "workspace/private", "private".getBytes(UTF_8));
        String unknown = "a".repeat(id.length());

        for (String[] call : CALLS) {
            var foreign = stranger.call(call[0], "/v1/sandbox/" + id + call[1], call[2]);
            var missing = stranger.call(call[0], "/v1/sandbox/" + unknown + call[1], call[2]);
            assertThat(foreign.status()).as(String.join(" ", call)).isEqualTo(missing.status());
            assertThat(withoutMoment(foreign)).as(String.join(" ", call)).isEqualTo(withoutMoment(missing));
            assertThat(foreign.text()).doesNotContain("private");
        }

        assertThat(owner.running(id)).isTrue();
        assertThat(owner.read(id, "workspace/private").text()).isEqualTo("private");
        assertThat(owner.get("/v1/sandbox/" + id).json().get("ttl").asDouble()).isNotEqualTo(5.0);
        assertThat(stranger.get("/v1/sandbox").json().get("sandboxes")).isEmpty();
        String own = stranger.create(Map.of("name", "shared-name"));
        assertThat(own).isNotEqualTo(id);
        stranger.delete("/v1/sandbox/" + own);
        owner.delete("/v1/sandbox/" + id);
    }

    @Test
    @DisplayName("statement 7: no route of a sandbox is left out of that")
    void everyRouteIsTriedWithAStrangersKey() {
        var paths = ADMIN.get("/v1/openapi.json").json().get("paths");
        paths.fieldNames().forEachRemaining(path -> {
            if (path.startsWith(SANDBOX)) {
                String form =
                        path.substring(SANDBOX.length()).replace("{path}", ".+").replaceAll("[{][a-z]+[}]", "[^/]+");
                paths.get(path).fieldNames().forEachRemaining(method -> assertThat(Arrays.stream(CALLS))
                        .as(method + " " + path)
                        .anyMatch(call -> call[0].equalsIgnoreCase(method) && call[1].matches(form)));
            }
        });
    }

    @Test
    void adminsSeeManageAndDeleteEveryOwnersSandboxes() {
        var owner = Door.owner("team-c");
        String id = owner.create();
        assertThat(ADMIN.get("/v1/sandbox?owner=team-c").json().get("sandboxes"))
                .hasSize(1);
        assertThat(ADMIN.get("/v1/sandbox?owner=*").text()).contains("team-c");
        assertThat(owner.get("/v1/sandbox?owner=team-a").status()).isEqualTo(403);
        assertThat(owner.get("/v1/sandbox?owner=*").status()).isEqualTo(403);
        assertThat(ADMIN.get("/v1/sandbox/" + id).json().get("owner").asText()).isEqualTo("team-c");
        assertThat(ADMIN.delete("/v1/sandbox/" + id).status()).isEqualTo(204);
        assertThat(owner.running(id)).isFalse();
    }

    @Test
    void keysAreForAdminsOnly() {
        var user = Door.owner("team-d");
        for (String[] call : new String[][] {
            {"GET", "/v1/keys", ""},
            {"POST", "/v1/keys", "{\"owner\":\"x\"}"},
            {"PATCH", "/v1/keys/operator", "{\"disabled\":true}"},
            {"DELETE", "/v1/keys/operator", ""},
            {"GET", "/v1/secrets", ""},
            {"POST", "/v1/secrets", ""},
            {"DELETE", "/v1/secrets/1", ""}
        }) {
            var answer = user.call(call[0], call[1], call[2]);
            assertThat(answer.status()).as(String.join(" ", call)).isEqualTo(403);
            assertThat(answer.code()).isEqualTo("forbidden");
        }
    }

    @Test
    @Tag("long-lived")
    void anIdIsWorthlessOnceItsSecretIsRetired() {
        var user = Door.owner("team-s");
        int version = newestSecret(ADMIN.post("/v1/secrets", Map.of()));
        String old = user.create();
        int newest = newestSecret(ADMIN.post("/v1/secrets", Map.of()));
        String fresh = user.create();
        assertThat(newest).isEqualTo(version + 1);
        assertThat(user.running(old)).isTrue();
        assertThat(ADMIN.delete("/v1/secrets/" + newest).code()).isEqualTo("conflict");

        assertThat(ADMIN.delete("/v1/secrets/" + version).status()).isEqualTo(204);

        assertThat(user.get("/v1/sandbox/" + old).code()).isEqualTo("sandbox_not_found");
        assertThat(user.running(fresh)).isTrue();
        assertThat(newestSecret(ADMIN.get("/v1/secrets"))).isEqualTo(newest);
        assertThat(ADMIN.delete("/v1/secrets/" + version).code()).isEqualTo("key_not_found");
        assertThat(ADMIN.delete("/v1/secrets/first").code()).isEqualTo("invalid_request");
    }

    private static int newestSecret(Door.Answer answer) {
        return answer.json().get("versions").get(0).asInt();
    }

    @Test
    @Tag("long-lived")
    void aKeyIsMadeShownOnceDisabledAndRemoved() {
        var made = ADMIN.post("/v1/keys", Map.of("owner", "team-e", "role", "use", "profile", "small"));
        assertThat(made.status()).isEqualTo(200);
        String secret = made.json().get("key").asText();
        String key = made.json().get("id").asText();
        var user = new Door(secret);
        String id = user.create();
        assertThat(user.get("/v1/sandbox/" + id).json().get("profile").asText()).isEqualTo("small");
        user.delete("/v1/sandbox/" + id);

        assertThat(ADMIN.get("/v1/keys").text()).contains(key).doesNotContain(secret);
        assertThat(ADMIN.call("PATCH", "/v1/keys/" + key, "{\"disabled\":true}")
                        .json()
                        .get("disabled")
                        .asBoolean())
                .isTrue();
        assertThat(user.get("/v1/sandbox").status()).isEqualTo(401);
        ADMIN.call("PATCH", "/v1/keys/" + key, "{\"disabled\":false}");
        assertThat(user.get("/v1/sandbox").status()).isEqualTo(200);
        assertThat(ADMIN.delete("/v1/keys/" + key).status()).isEqualTo(204);
        assertThat(user.get("/v1/sandbox").status()).isEqualTo(401);
        assertThat(ADMIN.delete("/v1/keys/" + key).status()).isEqualTo(404);
    }

    @Test
    @Tag("long-lived")
    void unusableKeyRequestsAreRefused() {
        for (String body : List.of(
                "{}",
                "{\"owner\":\"\"}",
                "{\"owner\":\"Team A\"}",
                "{\"owner\":1}",
                "{\"owner\":\"a\",\"profile\":\"a b\"}",
                "{\"owner\":\"a\",\"role\":\"root\"}")) {
            assertThat(ADMIN.post("/v1/keys", body).status()).as(body).isEqualTo(400);
        }
        assertThat(ADMIN.call("PATCH", "/v1/keys/operator", "{}").status()).isEqualTo(400);
        assertThat(ADMIN.call("PATCH", "/v1/keys/..%2f", "{\"disabled\":true}").status())
                .isEqualTo(404);
        assertThat(ADMIN.call("PATCH", "/v1/keys/operator", "{\"disabled\":true}")
                        .status())
                .as("the last enabled admin key stays")
                .isEqualTo(409);
    }

    @Test
    @Tag("long-lived")
    void aKeyNeedsAProfileThatThereIs() {
        int before = ADMIN.get("/v1/keys").json().get("keys").size();

        var refused = ADMIN.post("/v1/keys", Map.of("owner", "team-g", "profile", "none"));

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.error())
                .isEqualTo(ADMIN.post("/v1/sandbox", Map.of("profile", "none")).error());
        assertThat(ADMIN.get("/v1/keys").json().get("keys")).hasSize(before);
    }

    @Test
    void aLabelIsAskedForWithOneValue() {
        var refused = ADMIN.get("/v1/sandbox?label=b=2&label=a=1&label=b=3");

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.code()).isEqualTo("invalid_request");
        assertThat(refused.error()).contains("twice", "different values");
        assertThat(ADMIN.get("/v1/sandbox?label=b=2&label=b=2").status()).isEqualTo(200);
    }

    @Test
    void listsArePagedAndChosenByLabel() {
        var owner = Door.owner("team-f");
        var made = new ArrayList<String>();
        for (int i = 0; i < 5; i++) {
            made.add(owner.create(Map.of("labels", Map.of("n", Integer.toString(i % 2), "all", "a=b"))));
        }
        var seen = new ArrayList<String>();
        String cursor = "";
        do {
            var page = owner.get("/v1/sandbox?limit=2" + (cursor.isEmpty() ? "" : "&cursor=" + cursor))
                    .json();
            assertThat(page.get("sandboxes").size()).isBetween(1, 2);
            page.get("sandboxes").forEach(each -> seen.add(each.get("id").asText()));
            cursor = page.get("next_cursor").isNull()
                    ? ""
                    : page.get("next_cursor").asText();
        } while (!cursor.isEmpty());
        assertThat(seen).isEqualTo(made);

        assertThat(owner.get("/v1/sandbox?label=n=1").json().get("sandboxes")).hasSize(2);
        assertThat(owner.get("/v1/sandbox?label=n%3D1&label=all=a%3Db").json().get("sandboxes"))
                .hasSize(2);
        assertThat(owner.get("/v1/sandbox?label=n=1&label=all=x").json().get("sandboxes"))
                .isEmpty();
        for (String query : List.of("limit=0", "limit=1001", "limit=x", "cursor=%00", "label==x", "label=x")) {
            assertThat(owner.get("/v1/sandbox?" + query).status()).as(query).isEqualTo(400);
        }
        made.forEach(id -> owner.delete("/v1/sandbox/" + id));
    }

    private static String withoutMoment(Door.Answer answer) {
        return answer.text()
                .replaceAll("urn:sandbridge:request:[0-9a-f]+", "")
                .replaceAll("\"timestamp\":\"[^\"]+\"", "");
    }
}
