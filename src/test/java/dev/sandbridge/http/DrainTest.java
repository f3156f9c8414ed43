package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How the built service ends when it is told to. */
@Timeout(120)
class DrainTest {
    private static final String KEY = "test-admin-key-0123456789";
    private static final Path BUILT = Path.of("target", "app", "current");

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    @Test
    void onSigtermHealthSaysDrainingAndWhatRunsEndsInPeace(@TempDir Path data) throws Exception {
        assumeTrue(Files.exists(BUILT), "the service is not built: ./sandbridge build");
        Path app = BUILT.resolveSibling(Files.readString(BUILT).strip()).toAbsolutePath();
        Process service = start(app, data);
        try {
            String url = url(service);
            String id =
                    call("POST", url + "/v1/sandbox", "").body().replaceFirst("(?s).*\"id\":\"([a-z2-7]+)\".*", "$1");
            var running = http.sendAsync(
                    request("POST", url + "/v1/sandbox/" + id + "/exec")
                            .POST(BodyPublishers.ofString("{\"argv\": [\"sh\", \"-c\","
                                    + " \"touch begun; while [ ! -e end ]; do sleep 0.1; done\"]}"))
                            .build(),
                    BodyHandlers.ofString());
            await("the command runs", () -> status(url + "/v1/sandbox/" + id + "/file/workspace/begun") == 200);

            service.destroy();

            await(
                    "health says draining",
                    () -> call("GET", url + "/health", "").body().contains("draining"));
            assertThat(call("GET", url + "/health", "").statusCode()).isEqualTo(503);
            assertThat(call("PUT", url + "/v1/sandbox/" + id + "/file/workspace/end", "")
                            .statusCode())
                    .as("served while the load balancer turns away")
                    .isEqualTo(200);
            assertThat(running.get(30, TimeUnit.SECONDS).body()).contains("event: exit", "\"exit_code\":0");
            assertThat(service.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
        } finally {
            service.destroyForcibly().waitFor();
        }
    }

    private static Process start(Path app, Path data) throws IOException {
        var builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-jar",
                        "quarkus-run.jar")
                .directory(app.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("SANDBRIDGE_DATA", data.toString());
        builder.environment().put("SANDBRIDGE_KEY", KEY);
        builder.environment().put("SANDBRIDGE_PORT", "0");
        builder.environment().put("SANDBRIDGE_DRAIN", "20");
        builder.environment().put("SANDBRIDGE_DRAIN_DELAY", "6");
        return builder.start();
    }

    private static String url(Process service) throws IOException {
        try (BufferedReader out = service.inputReader(UTF_8)) {
            String line = out.readLine();
            assertThat(line).contains("http://");
            return line.substring(line.indexOf("http://")).strip();
        }
    }

    private HttpRequest.Builder request(String method, String url) {
        return HttpRequest.newBuilder(URI.create(url))
                .header("Authorization", "Bearer " + KEY)
                .timeout(Duration.ofSeconds(60))
                .method(method, BodyPublishers.noBody());
    }

    private HttpResponse<String> call(String method, String url, String body) {
        try {
            return http.send(
                    request(method, url)
                            .method(method, BodyPublishers.ofString(body))
                            .build(),
                    BodyHandlers.ofString());
        } catch (IOException failed) {
            throw new AssertionError(method + " " + url, failed);
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private int status(String url) {
        return call("GET", url, "").statusCode();
    }

    private static void await(String what, BooleanSupplier condition) {
        Door.await(what, 30, condition);
    }
}
