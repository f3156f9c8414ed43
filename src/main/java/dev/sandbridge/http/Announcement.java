package dev.sandbridge.http;

import io.quarkus.arc.profile.IfBuildProfile;
import io.quarkus.vertx.http.HttpServer;
import io.quarkus.vertx.http.HttpServerStart;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Singleton;
import java.nio.file.Files;
import java.nio.file.Path;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Tells on standard output where the service is, once it answers, with a call to paste. The call reads the key from its
 * file: the key itself is printed nowhere.
 */
@Singleton
@IfBuildProfile("server")
final class Announcement {
    private final Path keyFile;

    Announcement(@ConfigProperty(name = "sandbridge.data") String data) {
        this.keyFile = Path.of(data, "admin.key").toAbsolutePath();
    }

    @SuppressWarnings("SystemOut") // what the person at the terminal waits for, not a log
    void ready(@ObservesAsync HttpServerStart started, HttpServer server) {
        var url = server.getLocalBaseUri();
        var key = Files.exists(keyFile) ? "$(cat '" + keyFile + "')" : "$SANDBRIDGE_KEY";
        System.out.printf(
                "Sandbridge answers at %s%nTry: curl -s -X POST -H \"Authorization: Bearer %s\" %s/v1/sandbox%n",
                url, key, url);
    }
}
