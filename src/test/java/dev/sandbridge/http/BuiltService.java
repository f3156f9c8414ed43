package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The built service as a process of its own, as {@code ./sandbridge up} runs it; of an ordinary user, if asked for. */
public final class BuiltService implements AutoCloseable {
    private static final String KEY = "test-admin-key-0123456789";
    private static final Path BUILT = Path.of("target", "app", "current");

    /** No account of this machine. */
    private static final int UID = 61_235;

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
     * Where services run, and from what: a directory that outlives them, for data, and one with the service.
     *
     * @param ordinary whether by a user other than root
     */
    record Place(Path app, Path data, boolean ordinary) {
        /** Prepares one below a directory; skips the test where there is nothing to run, or nobody to run it as. */
        static Place in(Path directory, boolean ordinary) throws IOException {
            assumeTrue(Files.exists(BUILT), "the service is not built: ./sandbridge build");
            Path app = BUILT.resolveSibling(Files.readString(BUILT).strip()).toAbsolutePath();
            Path data = directory.resolve("data");
            if (!ordinary) {
                return new Place(app, data, false);
            }
            assumeTrue((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0, "not root");
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.createDirectory(data);
            Files.setAttribute(data, "unix:uid", UID);
            return new Place(copy(app, directory.resolve("app")), data, true);
        }

        /** The build may lie where only root can read. */
        private static Path copy(Path from, Path to) throws IOException {
            try (var files = Files.walk(from)) {
                for (Path file : files.toList()) {
                    Files.copy(file, to.resolve(from.relativize(file).toString()));
                }
            }
            return to;
        }
    }

    /** Starts it below a directory with the key that {@link #call} uses; skips the test where it was never built. */
    public static BuiltService start(Path directory, Map<String, String> settings) throws IOException {
        var all = new HashMap<>(settings);
        all.put("sandbridge.key", KEY);
        return start(Place.in(directory, false), all);
    }

    /** Starts it and waits until it answers. */
    static BuiltService start(Place place, Map<String, String> settings) throws IOException {
        Path out = place.data().resolveSibling("out");
        Process process = new ProcessBuilder(command(place, settings))
                .directory(place.app().toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        boolean answers = false;
        try {
            Door.await(
                    "the service answers",
                    60,
                    () -> !process.isAlive() || text(out).contains("http://"));
            var line =
                    text(out).lines().filter(each -> each.contains("http://")).findFirst();
            assertThat(line).as(text(out)).isPresent();
            answers = true;
            return new BuiltService(process, line.get().substring(line.get().indexOf("http://")));
        } finally {
            if (!answers) {
                process.destroyForcibly();
            }
        }
    }

    private static List<String> command(Place place, Map<String, String> settings) {
        var command = new ArrayList<String>();
        if (place.ordinary()) {
            command.addAll(List.of("setpriv", "--reuid=" + UID, "--regid=" + UID, "--clear-groups"));
        }
        // The mark by which the test run finds what was left behind goes along.
        command.addAll(List.of("env", "-u", "SANDBRIDGE_KEY", "HOME=" + place.data()));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-Xmx256m", "-XX:AOTCache=app.aot", "-Xlog:aot=off,cds=off"));
        settings.forEach((name, value) -> command.add("-D" + name + "=" + value));
        command.addAll(
                List.of("-Dsandbridge.data=" + place.data(), "-Dquarkus.http.port=0", "-jar", "quarkus-run.jar"));
        return command;
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failed) {
            throw new AssertionError(failed);
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

    /** Opens a terminal of a sandbox. */
    public WebSocket terminal(String sandbox, String query, WebSocket.Listener viewer) throws Exception {
        return http.newWebSocketBuilder()
                .header("Authorization", authorization())
                .buildAsync(URI.create(url.replace("http:", "ws:") + "/v1/sandbox/" + sandbox + "/pty" + query), viewer)
                .get(60, TimeUnit.SECONDS);
    }

    /** Types on a terminal. */
    public static void type(WebSocket terminal, String text) throws Exception {
        terminal.sendBinary(UTF_8.encode(text), true).get(30, TimeUnit.SECONDS);
    }

    private HttpRequest request(String method, String path, String body) {
        return HttpRequest.newBuilder(URI.create(url + path))
                .header("Authorization", authorization())
                .timeout(Duration.ofSeconds(60))
                .method(method, BodyPublishers.ofString(body))
                .build();
    }

    /** As by a power cut for it alone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Asks it to drain and end, as a supervisor does; it goes on while calls run. */
    public void terminate() {
        process.destroy();
    }

    public boolean hasEndedWithin(int seconds) throws InterruptedException {
        return process.waitFor(seconds, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws InterruptedException {
        terminate();
        boolean ended = hasEndedWithin(60);
        kill();
        assertThat(ended).as("it ends when it is told to").isTrue();
    }
}
