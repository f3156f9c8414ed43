package dev.sandbridge.http;

import dev.sandbridge.packaged.FunctionLauncher;
import dev.sandbridge.provider.blaxel.StandInResource;
import dev.sandbridge.snapshot.Sha256;
import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The application as the door's tests need it: a directory and a key of its own, and intervals they can wait for. */
public class DoorProfile implements QuarkusTestProfile {
    static final String ADMIN = "test-admin-key-0123456789";
    static final int MAX_UPLOAD = 40 << 20;

    /** Those whose keys a function knows. */
    private static final List<String> OWNERS =
            List.of("crowded", "nosy", "team-a", "team-b", "team-c", "team-d", "team-f", "team-s");

    /** Whether the application under test is the flavour of a function. */
    static boolean isFunction() {
        return System.getProperty("quarkus.test.profile", "").startsWith("lambda");
    }

    static String keyOf(String owner) {
        return owner + "-own-key-0123456789";
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** A packaged function has no sandboxes of its own machine. */
    @Override
    public List<TestResourceEntry> testResources() {
        return FunctionLauncher.isUsed() ? List.of(new TestResourceEntry(StandInResource.class)) : List.of();
    }

    @Override
    public Map<String, String> getConfigOverrides() {
        try {
            var settings = new HashMap<String, String>();
            settings.put("sandbridge.data", Files.createTempDirectory("door").toString());
            settings.put("sandbridge.key", ADMIN);
            if (isFunction()) {
                settings.put("sandbridge.secrets", "1:" + "5a".repeat(32));
                settings.put(
                        "sandbridge.keys",
                        OWNERS.stream()
                                .map(owner -> owner + "-key " + owner + " USE - enabled 2026-01-01T00:00:00Z "
                                        + Sha256.of(keyOf(owner)))
                                .collect(Collectors.joining(",")));
                if (!FunctionLauncher.isUsed()) {
                    settings.put("sandbridge.snapshots.directory", "true");
                }
                settings.put("quarkus.lambda.mock-event-server.test-port", Integer.toString(freePort()));
            }
            if (FunctionLauncher.isUsed()) {
                settings.put("sandbridge.profiles.\"default\".provider", "blaxel");
            }
            settings.put("sandbridge.sweep-every", "1s");
            settings.put("sandbridge.max-sandboxes-per-owner", "40");
            settings.put("sandbridge.http.keep-alive", "0.3s");
            settings.put("sandbridge.http.max-upload", Integer.toString(MAX_UPLOAD));
            settings.put("sandbridge.http.max-json-output", "1M");
            settings.put("sandbridge.profiles.\"small\".provider", FunctionLauncher.isUsed() ? "blaxel" : "local");
            settings.put("sandbridge.profiles.\"small\".memory", "256M");
            settings.put("sandbridge.profiles.\"small\".max-memory", "512M");
            settings.put("sandbridge.profiles.\"small\".disk", "64M");
            settings.put("sandbridge.profiles.\"small\".output", "1M");
            return settings;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
