package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a service that is killed in the midst of work leaves, and what the next one makes of it. */
@Timeout(180)
class KilledServiceTest {
    private static final Map<String, String> SETTINGS = Map.of("sandbridge.key", LocalSandboxProfile.ADMIN);

    @TempDir
    private Path directory;

    @ParameterizedTest(name = "ordinary user: {0}")
    @ValueSource(booleans = {false, true})
    void theNextServiceFindsTheWorkspacesAndNothingElse(boolean ordinary) throws Exception {
        var place = BuiltService.Place.in(directory, ordinary);
        String mark = UUID.randomUUID().toString();
        String id;
        try (var killed = BuiltService.start(place, SETTINGS)) {
            var api = new ApiClient(killed.url(), LocalSandboxProfile.ADMIN);
            id = api.create("{\"name\":\"kept\",\"labels\":{\"a\":\"b\"}}");
            api.put(id, "/workspace/file", "old");
            api.sh(id, "echo kept > /tmp/t; (setsid sh -c 'trap \"\" TERM HUP; sleep 600; : " + mark + "' &)");
            assertThat(isAlive(mark)).isTrue();
            try (var upload = halfAnUpload(killed.url(), id)) {
                Door.await("the upload has begun", 30, () -> hasUploadBegun(api, id));
                killed.kill();
            }
        }
        Door.await("what ran in the sandbox has ended", 30, () -> !isAlive(mark));

        try (var next = BuiltService.start(place, SETTINGS)) {
            var api = new ApiClient(next.url(), LocalSandboxProfile.ADMIN);

            assertThat(api.send("GET", "/v1/sandbox/" + id + "/running", "").body())
                    .isEqualTo("{\"running\":true}");
            assertThat(api.create("{\"name\":\"kept\"}"))
                    .as("found by its name")
                    .isEqualTo(id);
            assertThat(api.send("GET", "/v1/sandbox?label=a%3Db", "").body()).contains(id);
            assertThat(api.sh(id, "cat file /tmp/t; ls -A; cat /proc/[0-9]*/cmdline")
                            .stdout())
                    .startsWith("oldkept\nfile\n")
                    .doesNotContain(mark);
            api.delete(id);
        }
        assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(directory.toString());
        try (var left = Files.list(place.data().resolve("local/sandboxes"))) {
            assertThat(left).isEmpty();
        }
    }

    private static Socket halfAnUpload(String url, String id) throws IOException {
        URI service = URI.create(url);
        var socket = new Socket(service.getHost(), service.getPort());
        socket.getOutputStream()
                .write(("PUT /v1/sandbox/" + id + "/file/workspace/file HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                + LocalSandboxProfile.ADMIN + "\r\nContent-Length: 10000000\r\n\r\n")
                        .getBytes(ISO_8859_1));
        socket.getOutputStream().write(new byte[1 << 20]);
        return socket;
    }

    /** The resident has a child then that receives it. */
    private static boolean hasUploadBegun(ApiClient api, String id) {
        return Integer.parseInt(api.sh(id, "pgrep -c sandbridge").stdout().strip()) > 1;
    }

    private static boolean isAlive(String mark) {
        return ProcessHandle.allProcesses()
                .anyMatch(process -> process.info().commandLine().orElse("").contains(mark));
    }
}
