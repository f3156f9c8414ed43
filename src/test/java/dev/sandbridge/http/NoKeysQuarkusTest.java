package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The service without keys, for programs on this machine only. */
@QuarkusTest
@TestProfile(NoKeysQuarkusTest.NoKeys.class)
@Timeout(120)
class NoKeysQuarkusTest {
    /** Turns authentication off. */
    public static final class NoKeys extends DoorProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            var settings = super.getConfigOverrides();
            settings.put("sandbridge.auth", "none");
            return settings;
        }
    }

    private static final Door NOBODY = new Door("");

    @Test
    @DisplayName("statement 5: without keys every route works without the header, or with any")
    void everyRouteWorksWithoutTheHeader() {
        String id = NOBODY.create();
        assertThat(NOBODY.sh(id, "echo hi").out()).isEqualTo("hi\n");
        assertThat(NOBODY.write(id, "workspace/x", new byte[3]).status()).isEqualTo(200);
        assertThat(NOBODY.read(id, "workspace/x").bytes()).hasSize(3);
        assertThat(NOBODY.running(id)).isTrue();
        for (String route : List.of("/v1/sandbox", "/v1/keys", "/v1/pool/stats", "/v1/openapi.json", "/health")) {
            assertThat(NOBODY.get(route).status()).as(route).isEqualTo(200);
            assertThat(NOBODY.get(route, "Authorization", "Bearer whatever").status())
                    .as(route)
                    .isEqualTo(200);
        }
        assertThat(NOBODY.delete("/v1/sandbox/" + id).status()).isEqualTo(204);
    }

    @Test
    void webPagesAreRefused() throws IOException {
        for (String header : List.of("Host: evil.example", "Host: evil.example:8080", "Host: 127.0.0.1.evil.example")) {
            assertThat(status("GET /v1/sandbox HTTP/1.1\r\n" + header + "\r\n\r\n"))
                    .as(header)
                    .isEqualTo(403);
        }
        assertThat(status("POST /v1/sandbox HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\n"
                        + "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"))
                .isEqualTo(403);
        for (String host : List.of("127.0.0.1", "localhost:8080", "[::1]:8080")) {
            assertThat(status("GET /v1/sandbox HTTP/1.1\r\nHost: " + host + "\r\n\r\n"))
                    .as(host)
                    .isEqualTo(200);
        }
    }

    private static int status(String request) throws IOException {
        try (var wire = new Wire()) {
            return wire.send(request).reply("GET").status();
        }
    }
}
