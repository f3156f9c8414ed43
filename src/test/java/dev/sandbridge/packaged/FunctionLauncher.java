package dev.sandbridge.packaged;

import dev.sandbridge.snapshot.s3.S3Server;
import io.quarkus.test.common.ArtifactLauncher;
import io.quarkus.test.common.ListeningAddress;
import io.quarkus.test.junit.launcher.ArtifactLauncherProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lets Quarkus' integration tests run against a function's zip as Lambda drives it, Java or native, in place of its own
 * launchers, which start a file that listens. Settings reach the function as they do in the cloud: by its environment.
 */
public final class FunctionLauncher implements ArtifactLauncherProvider {
    private static final String ZIP = "packaged.zip";

    /** The only setting of the framework that a function is started with. */
    private static final String HANDLER = "quarkus.lambda.handler";

    /** Whether a function's zip is under test. */
    public static boolean isUsed() {
        return System.getProperty(ZIP) != null
                && System.getProperty("quarkus.test.profile", "").startsWith("lambda");
    }

    @Override
    public boolean supportsArtifactType(String type, String testProfile) {
        return isUsed();
    }

    @Override
    public ArtifactLauncher<?> create(CreateContext context) {
        return new Launcher();
    }

    /** The environment variable that sets a property. */
    static String variable(String property) {
        return property.replaceAll("[^A-Za-z0-9]", "_").toUpperCase(Locale.ROOT);
    }

    private static final class Launcher implements ArtifactLauncher<ArtifactLauncher.InitContext> {
        private final Map<String, String> settings = new HashMap<>();
        private @Nullable FunctionFront front;
        private @Nullable Path scratch;

        @Override
        public void init(InitContext context) {}

        @Override
        public void includeAsSysProps(Map<String, String> properties) {
            properties.forEach((name, value) -> {
                // Each instance has a disk of its own.
                if ((name.startsWith("sandbridge.") && !name.equals("sandbridge.data")) || name.equals(HANDLER)) {
                    settings.put(variable(name), value);
                }
            });
        }

        @Override
        public Optional<ListeningAddress> start() throws IOException {
            boolean http = System.getProperty("quarkus.test.profile", "").startsWith("lambda-http");
            S3Server s3 = S3Server.get();
            settings.putAll(s3.environment(s3.bucket("function-" + System.nanoTime())));
            Path directory = Files.createTempDirectory("function");
            scratch = directory;
            var opened = FunctionFront.open(
                    http ? FunctionFront.Door.HTTP : FunctionFront.Door.EVENT,
                    Path.of(System.getProperty(ZIP)),
                    Path.of(System.getProperty("packaged.client")),
                    directory,
                    settings);
            front = opened;
            return Optional.of(new ListeningAddress(opened.port(), "http"));
        }

        @Override
        public LaunchResult runToCompletion(String[] arguments) {
            throw new UnsupportedOperationException("a function serves until it is ended");
        }

        @Override
        public void close() throws IOException {
            if (front != null) {
                front.close();
            }
            if (scratch != null) {
                try (var files = Files.walk(scratch)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
        }
    }
}
