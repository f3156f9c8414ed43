package dev.sandbridge.http;

import io.quarkus.arc.profile.IfBuildProfile;
import io.quarkus.vertx.http.HttpServer;
import io.quarkus.vertx.http.HttpServerStart;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Singleton;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Tells on standard output where the service is, once it answers, with a call to paste. The call reads the key from its
 * file: the key itself is printed nowhere.
 */
@Singleton
@IfBuildProfile("server")
final class Announcement {
    /**
     * The framework opens several listeners side by side: the one that sends the event may be through while another is
     * still about to say where they all listen.
     */
    private static final Duration START_PATIENCE = Duration.ofSeconds(10);

    private final Path keyFile;

    Announcement(@ConfigProperty(name = "sandbridge.data") String data) {
        this.keyFile = Path.of(data, "admin.key").toAbsolutePath();
    }

    @SuppressWarnings("SystemOut") // what the person at the terminal waits for, not a log
    void ready(@ObservesAsync HttpServerStart started, HttpServer server) {
        var url = Uni.createFrom()
                .item(server::getLocalBaseUri)
                .onFailure()
                .retry()
                .withBackOff(Duration.ofMillis(10), Duration.ofMillis(100))
                .expireIn(START_PATIENCE.toMillis())
                .await()
                .indefinitely();
        var key = Files.exists(keyFile) ? "$(cat '" + keyFile + "')" : "$SANDBRIDGE_KEY";
        System.out.printf(
                "Sandbridge answers at %s%nTry: curl -s -X POST -H \"Authorization: Bearer %s\" %s/v1/sandbox%n",
                url, key, url);
    }
}
