package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the built service still has after some time in which nobody asked for anything; all waits once, together. */
@Timeout(120)
class IdleTest {
    /**
     * After this long without a task the JDK ends the thread that started a sandbox, unless it is meant to stay;
     * clients keep connections for less. Real time on purpose: it is a timer of the JDK that no setting reaches.
     */
    private static final Duration IDLE_THREAD_LIFE = Duration.ofSeconds(30);

    private static final Map<String, Wire> CONNECTIONS = new LinkedHashMap<>();

    @TempDir
    private static Path directory;

    private static BuiltService service;
    private static ApiClient api;
    private static String id;

    @BeforeAll
    static void leaveAlone() throws Exception {
        var place = BuiltService.Place.in(directory, false);
        service = BuiltService.start(place, Map.of("sandbridge.key", LocalSandboxProfile.ADMIN));
        api = new ApiClient(service.url(), LocalSandboxProfile.ADMIN);
        var health = ApiClient.json(api.send("GET", "/health", "").body());
        assumeTrue(health.get("ok").asBoolean(), () -> "no local sandboxes here: " + health.get("errors"));
        id = api.create("{}");
        api.sh(id, "echo kept > file; (while :; do echo x >> beats; sleep 1; done) > /dev/null 2>&1 &");
        String sandbox = "/v1/sandbox/" + id;
        connect("running", "GET", sandbox + "/running", "");
        connect("exec", "POST", sandbox + "/exec", "{\"argv\":[\"true\"]}");
        connect("put", "PUT", sandbox + "/file/workspace/a", "x".repeat(100_000));
        connect("bad exec", "POST", sandbox + "/exec", "{\"argv\":[]}");
        connect("missing file", "GET", sandbox + "/file/workspace/none", "");
        var stranger = new Wire(URI.create(service.url()));
        CONNECTIONS.put("no key", stranger);
        stranger.request("POST", "/v1/sandbox", "x".repeat(1000).getBytes(UTF_8))
                .reply("POST");

        new CountDownLatch(1).await(IDLE_THREAD_LIFE.plusSeconds(5).toSeconds(), TimeUnit.SECONDS);
    }

    private static void connect(String what, String method, String target, String body) throws IOException {
        var wire = new Wire(URI.create(service.url()));
        CONNECTIONS.put(what, wire);
        ask(wire, method, target, body);
    }

    private static int ask(Wire wire, String method, String target, String body) throws IOException {
        return wire.request(
                        method, target, body.getBytes(UTF_8), "Authorization", "Bearer " + LocalSandboxProfile.ADMIN)
                .reply(method)
                .status();
    }

    @AfterAll
    static void end() throws Exception {
        for (Wire wire : CONNECTIONS.values()) {
            wire.close();
        }
        if (id != null) {
            api.delete(id);
        }
        if (service != null) {
            service.close();
        }
    }

    @Test
    @DisplayName("statement 2: an idle connection stays usable for at least 20 s, whatever it carried before")
    void anIdleConnectionStaysUsable() throws IOException {
        for (var connection : CONNECTIONS.entrySet()) {
            assertThat(ask(connection.getValue(), "GET", "/v1/sandbox/" + id + "/running", ""))
                    .as("after " + connection.getKey())
                    .isEqualTo(200);
        }
    }

    @Test
    void aSandboxLeftAloneKeepsItsBackgroundProcessAndItsFiles() {
        assertThat(api.sh(id, "cat file").stdout()).isEqualTo("kept\n");
        long before = beats();
        assertThat(before).isGreaterThan(IDLE_THREAD_LIFE.toSeconds() / 2);
        Door.await("the process goes on", 30, () -> beats() > before);
    }

    private static long beats() {
        return Long.parseLong(api.sh(id, "wc -l < beats").stdout().strip());
    }
}
