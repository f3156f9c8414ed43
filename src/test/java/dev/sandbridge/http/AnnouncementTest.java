package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.vertx.http.HttpServer;
import io.quarkus.vertx.http.HttpServerStart;
import io.vertx.core.http.HttpServerOptions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** What a start tells the person who made it. */
@ResourceLock(Resources.SYSTEM_OUT)
class AnnouncementTest {
    @TempDir
    Path data;

    @Test
    void theAddressIsAwaitedWhenTheEventComesBeforeIt() {
        var server = new LateServer(3);

        assertThat(announced(server))
                .startsWith("Sandbridge answers at http://127.0.0.1:4711\n")
                .contains("Bearer $SANDBRIDGE_KEY");
        assertThat(server.asked).hasValue(4);
    }

    @Test
    void theKeyIsReadFromItsFileAndNotPrinted() throws Exception {
        var key = Files.writeString(data.resolve("admin.key"), "a-key-that-nobody-may-see");

        assertThat(announced(new LateServer(0)))
                .contains("Bearer $(cat '" + key.toAbsolutePath() + "')")
                .doesNotContain("nobody-may-see");
    }

    private String announced(HttpServer server) {
        var bytes = new ByteArrayOutputStream();
        var before = System.out;
        System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            new Announcement(data.toString()).ready(new HttpServerStart(new HttpServerOptions()), server);
        } finally {
            System.setOut(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** A server of the framework whose address is registered after it was asked for some times. */
    private static final class LateServer implements HttpServer {
        private final AtomicInteger asked = new AtomicInteger();
        private final int early;

        LateServer(int early) {
            this.early = early;
        }

        @Override
        public URI getLocalBaseUri() {
            if (asked.getAndIncrement() < early) {
                throw new IllegalArgumentException("Key quarkus.http.local-base-uri not found in Value Registry");
            }
            return URI.create("http://127.0.0.1:4711");
        }

        @Override
        public int getPort() {
            return 4711;
        }

        @Override
        public int getSecurePort() {
            return -1;
        }

        @Override
        public int getManagementPort() {
            return -1;
        }
    }
}
