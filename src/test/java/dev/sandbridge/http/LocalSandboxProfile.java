package dev.sandbridge.http;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;

/** The application as a newcomer runs it: real sandboxes of this machine, in a data directory of its own. */
public final class LocalSandboxProfile implements QuarkusTestProfile {
    static final String ADMIN = "test-admin-key-0123456789";

    /** Besides the data directory. */
    static final Map<String, String> SETTINGS = Map.of(
            "sandbridge.key",
            ADMIN,
            "sandbridge.profiles.\"net\".network",
            "nat",
            "sandbridge.profiles.\"small\".memory",
            "64M",
            "sandbridge.profiles.\"small\".processes",
            "40",
            "sandbridge.profiles.\"small\".disk",
            "64M",
            "sandbridge.profiles.\"small\".output",
            "1M");

    @Override
    public Map<String, String> getConfigOverrides() {
        try {
            var settings = new HashMap<>(SETTINGS);
            settings.put(
                    "sandbridge.data", Files.createTempDirectory("sandboxes").toString());
            return settings;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
