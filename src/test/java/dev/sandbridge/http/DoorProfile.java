package dev.sandbridge.http;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;

/** The application as the door's tests need it: a directory and a key of its own, and intervals they can wait for. */
public class DoorProfile implements QuarkusTestProfile {
    static final String ADMIN = "test-admin-key-0123456789";
    static final int MAX_UPLOAD = 40 << 20;

    @Override
    public Map<String, String> getConfigOverrides() {
        try {
            var settings = new HashMap<String, String>();
            settings.put("sandbridge.data", Files.createTempDirectory("door").toString());
            settings.put("sandbridge.key", ADMIN);
            if (System.getProperty("quarkus.test.profile", "").startsWith("lambda")) {
                settings.put("sandbridge.secrets", "1:" + "5a".repeat(32));
            }
            settings.put("sandbridge.sweep-every", "1s");
            settings.put("sandbridge.max-sandboxes-per-owner", "40");
            settings.put("sandbridge.http.keep-alive", "0.3s");
            settings.put("sandbridge.http.max-upload", Integer.toString(MAX_UPLOAD));
            settings.put("sandbridge.http.max-json-output", "1M");
            settings.put("sandbridge.profiles.\"small\".provider", "local");
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
