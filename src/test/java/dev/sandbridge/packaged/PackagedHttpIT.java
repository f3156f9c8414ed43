package dev.sandbridge.packaged;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.packaged.HttpEvent.Answer;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.SecretKeys;
import dev.sandbridge.snapshot.s3.S3Server;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The HTTP function's zip, in two instances that know nothing of each other. */
@Tag("lambda-http")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PackagedHttpIT {
    private static final String KEY = "test-admin-key-0123456789";
    private static final String SECRET = "5a".repeat(32);

    private FunctionProcess first;
    private FunctionProcess second;
    private FunctionProcess unset;
    private FunctionProcess keeping;

    @BeforeAll
    void start(@TempDir Path scratch) throws IOException {
        Path task = scratch.resolve("task");
        FunctionProcess.unpack(Path.of(System.getProperty("packaged.zip")), task);
        Path client = Path.of(System.getProperty("packaged.client"));
        var settings = new HashMap<>(Map.of(
                "SANDBRIDGE_KEY", KEY,
                "SANDBRIDGE_SECRETS", SECRET,
                "SANDBRIDGE_SERVICE_URL", "https://service.example.org"));
        first = FunctionProcess.start(task, client, scratch.resolve("first"), settings);
        second = FunctionProcess.start(task, client, scratch.resolve("second"), settings);
        unset = FunctionProcess.start(task, client, scratch.resolve("unset"), Map.of());
        S3Server s3 = S3Server.get();
        settings.putAll(s3.environment(s3.bucket("packaged")));
        keeping = FunctionProcess.start(task, client, scratch.resolve("keeping"), settings);
    }

    @AfterAll
    void stop() {
        first.close();
        second.close();
        unset.close();
        keeping.close();
    }

    @Test
    void healthIsAnsweredWithoutAKey() {
        Answer health = call(first, HttpEvent.of("GET", "/health"));

        assertThat(health.json().has("ok")).isTrue();
        assertThat(health.status()).isEqualTo(health.json().get("ok").asBoolean() ? 200 : 503);
    }

    @Test
    void everythingElseNeedsAKey() {
        assertThat(call(first, HttpEvent.of("GET", "/v1/sandbox")).status()).isEqualTo(401);
        assertThat(call(
                                first,
                                HttpEvent.of("GET", "/v1/sandbox")
                                        .header("authorization", "Bearer wrong-key-0123456789"))
                        .status())
                .isEqualTo(401);
        assertThat(call(first, HttpEvent.of("GET", "/v1/keys").header("authorization", "Bearer " + KEY))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void anIdIsKnownToEveryInstanceAndAForgedOneToNone() {
        var ids = new SandboxIds(SecretKeys.given(List.of(SECRET)), new SecureRandom());
        String id = ids.issue(new OwnerId("admin"), "default", "local").text();
        String forged = id.substring(0, 40) + (id.charAt(40) == 'a' ? 'b' : 'a') + id.substring(41);

        for (var instance : List.of(first, second)) {
            Answer known = call(instance, authorized("GET", "/v1/sandbox/" + id));
            assertThat(known.status())
                    .as("this build has no such provider, and says so")
                    .isEqualTo(501);
            assertThat(known.json().get("error").asText()).contains("local");
            assertThat(call(instance, authorized("GET", "/v1/sandbox/" + forged))
                            .status())
                    .isEqualTo(404);
        }
    }

    @Test
    void aBodyInBase64AboveTheLimitIsAnErrorOfOursAndNotThePlatforms() {
        var large = new byte[4_500_000];

        Answer refused = call(
                first,
                authorized("PUT", "/v1/sandbox/" + "a".repeat(40) + "/file/workspace/x")
                        .bytes(large));

        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.json().get("code").asText()).isEqualTo("payload_too_large");
        assertThat(refused.json().get("action").asText()).contains("https://service.example.org");
    }

    @Test
    void thePathStaysAsItCameAndTheQueryToo() {
        String id = "%61".repeat(40);

        Answer odd = call(
                first,
                authorized("GET", "/p/web/v1/sandbox/" + id + "/file/workspace/a%2Fb;c%25d")
                        .query("x=%26&y"));

        assertThat(odd.json().get("code").asText())
                .as("the id is decoded once, its file not yet")
                .isEqualTo("sandbox_not_found");
        assertThat(call(first, authorized("GET", "/v1/sandbox").query("limit=0"))
                        .json()
                        .get("error")
                        .asText())
                .contains("limit");
    }

    @Test
    void severalValuesAndCookiesComeThrough() {
        Answer problem = call(
                first,
                HttpEvent.of("GET", "/v1/sandbox")
                        .header("accept", "text/plain")
                        .header("accept", "application/problem+json")
                        .cookies("a=1", "b=2"));

        assertThat(problem.status()).isEqualTo(401);
        assertThat(problem.headers().get("content-type")).startsWith("application/problem+json");
    }

    @Test
    void theDescriptionOfTheApiComesWhole() {
        Answer description = call(first, authorized("GET", "/v1/openapi.json"));

        assertThat(description.status()).isEqualTo(200);
        assertThat(description.json().get("openapi").asText()).startsWith("3.");
        assertThat(description.headers().getOrDefault("transfer-encoding", "none"))
                .as("no header of a connection that does not exist")
                .isEqualTo("none");
    }

    @Test
    void aFunctionWithoutTheDeploymentsSecretsDoesNotStart() {
        var outcome = unset.outcomeOfStart();

        assertThat(outcome).contains("SANDBRIDGE_SECRETS");
    }

    @Test
    void snapshotsNeedABucketAndAreNeverPretended() {
        var ids = new SandboxIds(SecretKeys.given(List.of(SECRET)), new SecureRandom());
        String route = "/v1/sandbox/"
                + ids.issue(new OwnerId("admin"), "default", "local").text() + "/snapshots";

        Answer refused = call(first, authorized("GET", route));
        Answer listed = call(keeping, authorized("GET", route));

        assertThat(refused.status()).isEqualTo(501);
        assertThat(refused.json().get("action").asText())
                .contains("https://service.example.org", "SANDBRIDGE_SNAPSHOTS_BUCKET");
        assertThat(listed.status()).as(listed.json().toString()).isEqualTo(200);
        assertThat(listed.json().get("snapshots")).isEmpty();
    }

    private static HttpEvent authorized(String method, String path) {
        return HttpEvent.of(method, path).header("authorization", "Bearer " + KEY);
    }

    private static Answer call(FunctionProcess function, HttpEvent event) {
        return HttpEvent.answer(function.answer(event.json()));
    }
}
