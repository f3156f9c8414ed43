package dev.sandbridge.websocket;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Map;

/** The application as the terminals' tests need it: real sandboxes, and intervals that a test can wait for. */
public class TerminalProfile implements QuarkusTestProfile {
    static final String KEY = "test-admin-key-0123456789";
    static final String ORIGIN = "https://console.example";
    static final int MAX_MESSAGE = 1 << 20;

    @Override
    public Map<String, String> getConfigOverrides() {
        try {
            return Map.ofEntries(
                    Map.entry(
                            "sandbridge.data",
                            Files.createTempDirectory("terminals").toString()),
                    Map.entry("sandbridge.key", KEY),
                    Map.entry("sandbridge.sweep-every", "1s"),
                    Map.entry("sandbridge.websocket.ping", "0.3s"),
                    Map.entry("sandbridge.websocket.patience", "5s"),
                    Map.entry("sandbridge.websocket.max-message", Integer.toString(MAX_MESSAGE)),
                    Map.entry("sandbridge.websocket.origins", ORIGIN + ",https://second.example"),
                    Map.entry("sandbridge.profiles.\"few\".provider", "local"),
                    Map.entry("sandbridge.profiles.\"few\".processes", "8"));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
