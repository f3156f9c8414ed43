package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.provider.TestSpecs;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The stand-in as clients and benchmarks start it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StandInServerTest {
    private static final long DELAY = 40;

    private Process process;
    private final Map<String, String> settings = new TreeMap<>();

    @BeforeEach
    void start() throws IOException {
        process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StandInServer.class.getName(),
                        "0",
                        Long.toString(DELAY))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader said = process.inputReader();
        while (settings.size() < 4) {
            String[] pair = Objects.requireNonNull(said.readLine(), "it ended").split("=", 2);
            settings.put(pair[0], pair[1]);
        }
    }

    @AfterEach
    void stop() {
        process.destroyForcibly();
    }

    @Test
    void itServesOverItsPortDelaysMisbehavesAndEndsWithAVerdict() throws Exception {
        var spec = TestSpecs.spec();
        try (var provider = BlaxelTestBed.open(setting("SANDBRIDGE_BLAXEL_API_URL"))) {
            var sandbox = provider.create(spec);
            long begun = System.nanoTime();
            assertThat(VendorSuite.output(sandbox, "echo over there")).isEqualTo("over there\n");
            assertThat(System.nanoTime() - begun).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(DELAY));

            control("{\"play\": \"CONTROL_PLANE_ERROR\", \"path\": \".*/" + spec.name() + "\"}");
            assertThat(VendorSuite.failure(() -> provider.find(spec.name())).text())
                    .contains("500");
            assertThat(provider.find(spec.name())).isPresent();
        }

        process.destroy();

        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Test
    void whatTheVendorWouldNotTakeIsItsExitStatus() throws Exception {
        var stranger = HttpRequest.newBuilder(URI.create(setting("SANDBRIDGE_BLAXEL_API_URL") + "/sandboxes"));
        HttpClient.newHttpClient().send(stranger.build(), BodyHandlers.discarding());

        process.destroy();

        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(1);
    }

    private String setting(String name) {
        return Objects.requireNonNull(settings.get(name), name);
    }

    private void control(String wish) throws Exception {
        var request =
                HttpRequest.newBuilder(URI.create(setting("CONTROL"))).POST(HttpRequest.BodyPublishers.ofString(wish));
        assertThat(HttpClient.newHttpClient()
                        .send(request.build(), BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(200);
    }
}
