package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A workspace at Blaxel outlives its sandbox as an archive, through the HTTP door. */
@QuarkusTest
@TestProfile(BlaxelArchiveQuarkusTest.AtTheStandIn.class)
@Timeout(240)
class BlaxelArchiveQuarkusTest {
    private static final String KEY = "test-admin-key-0123456789";

    @TestHTTPResource
    URI door;

    /** The service with one profile, whose sandboxes the stand-in makes. */
    public static final class AtTheStandIn implements QuarkusTestProfile {
        @Override
        public List<TestResourceEntry> testResources() {
            return List.of(new TestResourceEntry(Vendor.class));
        }
    }

    /** The stand-in, for as long as the service runs. */
    public static final class Vendor implements QuarkusTestResourceLifecycleManager {
        private final StandIn vendor = new StandIn();

        @Override
        public Map<String, String> start() {
            try {
                return Map.of(
                        "sandbridge.data",
                        Files.createTempDirectory(Files.createDirectories(Path.of("target")), "blaxel")
                                .toAbsolutePath()
                                .toString(),
                        "sandbridge.key",
                        KEY,
                        "sandbridge.profiles.\"cloud\".provider",
                        "blaxel",
                        "sandbridge.blaxel.api-url",
                        vendor.api(),
                        "sandbridge.blaxel.workspace",
                        StandIn.WORKSPACE,
                        "sandbridge.blaxel.api-key",
                        StandIn.KEY);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        @Override
        public void stop() {
            vendor.close();
            assertThat(vendor.violations())
                    .as("what the vendor would not accept")
                    .isEmpty();
        }
    }

    @Test
    void whatWasPersistedComesBackAfterTheSandboxWasDeleted() throws Exception {
        String made = text(call("POST", "/p/cloud/v1/sandbox", new byte[0]));
        String sandbox = "/p/cloud/v1/sandbox/" + made.replaceAll("(?s).*\"id\":\"([a-z2-7]*)\".*", "$1");
        sh(
                sandbox,
                "mkdir -p a/b && echo hello > a/b/f && chmod 750 a && cd a && ln -s b/f link"
                        + " && touch -d @1700000000 b/f");

        byte[] archive = call("POST", sandbox + "/persist", new byte[0]);
        call("DELETE", sandbox, new byte[0]);
        call("POST", sandbox + "/hydrate", archive);

        assertThat(sh(sandbox, "cat a/link && stat -c '%a %Y %n' a a/b/f"))
                .contains("\"hello\\n750 ")
                .contains("644 1700000000 a/b/f");
        assertThat(call("POST", sandbox + "/persist", new byte[0])).isEqualTo(archive);
        call("DELETE", sandbox, new byte[0]);
    }

    private String sh(String sandbox, String script) throws Exception {
        String body = "{\"argv\":[\"sh\",\"-c\",\"" + script.replace("\"", "\\\"") + "\"]}";
        String answer = text(call("POST", sandbox + "/exec", body.getBytes(UTF_8)));
        assertThat(answer).containsPattern("\"exit_code\"\\s*:\\s*0");
        return answer;
    }

    private byte[] call(String method, String path, byte[] body) throws Exception {
        var request = HttpRequest.newBuilder(door.resolve(path))
                .header("Authorization", "Bearer " + KEY)
                .header("Accept", path.endsWith("/persist") ? "*/*" : "application/json")
                .method(method, BodyPublishers.ofByteArray(body));
        if (body.length > 0) {
            request.header("Content-Type", path.endsWith("/exec") ? "application/json" : "application/octet-stream");
        }
        try (var client = HttpClient.newHttpClient()) {
            HttpResponse<byte[]> answer = client.send(request.build(), BodyHandlers.ofByteArray());
            assertThat(answer.statusCode()).as(path + text(answer.body())).isBetween(200, 299);
            return answer.body();
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, UTF_8);
    }
}
