package dev.sandbridge.lambda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Map;

/** The application as an event function runs: one handler, the deployment's secrets, sandboxes of this machine. */
final class EventProfile {
    private EventProfile() {}

    static Map<String, String> settings(String handler) {
        try {
            return Map.of(
                    "quarkus.lambda.handler",
                    handler,
                    "sandbridge.data",
                    Files.createTempDirectory("events").toString(),
                    "sandbridge.snapshots.directory",
                    "true",
                    "sandbridge.secrets",
                    "1:" + "5a".repeat(32),
                    "sandbridge.key",
                    "test-admin-key-0123456789");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
