package dev.sandbridge.http;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Map;

/** The application as the door's tests need it: a directory of its own, a known admin key. */
public final class DoorProfile implements QuarkusTestProfile {
    static final String ADMIN = "test-admin-key-0123456789";

    @Override
    public Map<String, String> getConfigOverrides() {
        try {
            return Map.of(
                    "sandbridge.data",
                    Files.createTempDirectory("door").toString(),
                    "sandbridge.key",
                    ADMIN,
                    "sandbridge.profiles.\"default\".provider",
                    "host",
                    "sandbridge.http.keep-alive",
                    "200ms");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
