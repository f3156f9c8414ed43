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
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The service as it was built, in a process of its own. Closing it kills it. */
public final class BuiltService implements AutoCloseable {
    private static final String KEY = "test-admin-key-0123456789";
    private static final Path BUILT = Path.of("target", "app", "current");

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final Process process;
    private final String url;

    private BuiltService(Process process, String url) {
        this.process = process;
        this.url = url;
    }

    /**
     * Starts it; skips the test where it was never built.
     *
     * @param settings environment variables
     */
    public static BuiltService start(Path data, Map<String, String> settings) throws IOException {
        assumeTrue(Files.exists(BUILT), "the service is not built: ./sandbridge build");
        Path app = BUILT.resolveSibling(Files.readString(BUILT).strip()).toAbsolutePath();
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
        builder.environment().putAll(settings);
        Process process = builder.start();
        try (BufferedReader out = process.inputReader(UTF_8)) {
            String line = out.readLine();
            assertThat(line).contains("http://");
            return new BuiltService(
                    process, line.substring(line.indexOf("http://")).strip());
        } catch (IOException | AssertionError failed) {
            process.destroyForcibly();
            throw failed;
        }
    }

    public String url() {
        return url;
    }

    /** The header that every call carries. */
    public static String authorization() {
        return "Bearer " + KEY;
    }

    /** Makes a sandbox; its id. */
    public String create() {
        return call("POST", "/v1/sandbox", "").body().replaceFirst("(?s).*\"id\":\"([a-z2-7]+)\".*", "$1");
    }

    public HttpResponse<String> call(String method, String path, String body) {
        try {
            return http.send(request(method, path, body), BodyHandlers.ofString());
        } catch (IOException failed) {
            throw new AssertionError(method + " " + path, failed);
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    CompletableFuture<HttpResponse<String>> begin(String method, String path, String body) {
        return http.sendAsync(request(method, path, body), BodyHandlers.ofString());
    }

    private HttpRequest request(String method, String path, String body) {
        return HttpRequest.newBuilder(URI.create(url + path))
                .header("Authorization", authorization())
                .timeout(Duration.ofSeconds(60))
                .method(method, BodyPublishers.ofString(body))
                .build();
    }

    /** SIGTERM. */
    public void terminate() {
        process.destroy();
    }

    /** Whether it ends by itself within so many seconds. */
    public boolean ends(int seconds) throws InterruptedException {
        return process.waitFor(seconds, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(20, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
