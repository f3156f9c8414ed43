package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.smallrye.config.SmallRyeConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the log never holds. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(120)
class LogQuarkusTest {
    private static final String SECRET = "s3cr3t-0f-a-caller";
    private static final Door DOOR = Door.admin();

    private final Queue<String> lines = new ConcurrentLinkedQueue<>();
    private final Handler capture = new Handler() {
        @Override
        public void publish(LogRecord record) {
            var text = new StringWriter();
            text.append(record.getLoggerName() + " " + record.getMessage() + " "
                    + List.of(record.getParameters() == null ? new Object[0] : record.getParameters()));
            if (record.getThrown() != null) {
                record.getThrown().printStackTrace(new PrintWriter(text));
            }
            lines.add(text.toString());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        Logger.getLogger("").addHandler(capture);
    }

    @AfterEach
    void stopListening() {
        Logger.getLogger("").removeHandler(capture);
    }

    @Test
    @DisplayName("statement 15: arguments, environment, keys, queries and files' contents never reach the log")
    void secretsNeverReachTheLog() throws IOException {
        String id = DOOR.create(Map.of("env", Map.of("A", SECRET)));
        DOOR.run(
                id, Map.of("argv", List.of("sh", "-c", "echo " + SECRET), "env", Map.of("B", SECRET), "stdin", SECRET));
        DOOR.run(id, Map.of("argv", List.of("/nowhere/" + SECRET)));
        for (String body : List.of(
                "{\"argv\":[\"" + SECRET + "\"",
                "{\"argv\":\"" + SECRET + "\"}",
                "{\"argv\":[\"x\\u0000" + SECRET + "\"]}",
                "{\"argv\":[\"true\"],\"cwd\":\"" + SECRET + "\"}",
                "{\"argv\":[\"true\"],\"user\":\"" + SECRET + "\"}",
                "{\"argv\":[\"true\"],\"env\":{\"" + SECRET + "\":\"" + SECRET + "\"}}")) {
            DOOR.post("/v1/sandbox/" + id + "/exec", body);
        }
        DOOR.write(id, "workspace/" + SECRET, SECRET.getBytes(UTF_8));
        DOOR.read(id, "workspace/" + SECRET + "/none");
        new Door(SECRET).get("/v1/sandbox");
        new Door("").get("/v1/openapi.json?token=" + SECRET);
        DOOR.get("/v1/sandbox/" + id + "/nothing?token=" + SECRET);
        DOOR.get("/v1/sandbox?cursor=%zz" + SECRET);
        DOOR.get("/v1/sandbox/" + id, "Sandbridge-State", SECRET);
        try (var wire = new Wire()) {
            wire.send("GET /v1/sandbox?token=" + SECRET + " HTTP/1.1\r\nHost: x\r\nAuthorization Bearer " + SECRET
                    + "\r\n\r\n");
            wire.arrival();
        }
        try (var wire = new Wire()) {
            wire.send("POST /v1/sandbox/" + id + "/exec?" + SECRET + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                    + DoorProfile.ADMIN + "\r\nContent-Length: 1000\r\n\r\n{\"argv\":[\"" + SECRET);
        }
        DOOR.delete("/v1/sandbox/" + id);

        proveThatLinesAreHeard();
        assertThat(lines).noneMatch(line -> line.contains(SECRET) || line.contains(DoorProfile.ADMIN));
        assertThat(ConfigProvider.getConfig()
                        .unwrap(SmallRyeConfig.class)
                        .getValue("quarkus.http.access-log.enabled", Boolean.class))
                .isFalse();
    }

    @Test
    void aCallerWhoClosesEarlyLeavesNoTrace() throws IOException {
        String id = DOOR.create();
        DOOR.sh(id, "truncate -s 300M large");
        lines.clear();
        for (int i = 0; i < 3; i++) {
            try (var wire = new Wire()) {
                wire.request(
                        "GET",
                        Door.file(id, "workspace/large"),
                        new byte[0],
                        "Authorization",
                        "Bearer " + DoorProfile.ADMIN);
                wire.head();
                wire.exactly(100_000);
            }
            try (var wire = new Wire()) {
                wire.request(
                                "PUT",
                                Door.file(id, "workspace/partial"),
                                new byte[0],
                                "Content-Length",
                                "1000000",
                                "Authorization",
                                "Bearer " + DoorProfile.ADMIN)
                        .send(new byte[1000]);
            }
        }
        assertThat(DOOR.sh(id, "ls").out()).isEqualTo("large\n");
        assertThat(DOOR.running(id)).isTrue();
        DOOR.delete("/v1/sandbox/" + id);
        assertThat(lines).isEmpty();
        proveThatLinesAreHeard();
    }

    /** The service logs in both ways. */
    private void proveThatLinesAreHeard() {
        Logger.getLogger("dev.sandbridge.http.Errors").severe("heard one way");
        System.getLogger("dev.sandbridge.provider.local.LocalHandle").log(System.Logger.Level.ERROR, "and the other");
        assertThat(lines)
                .anyMatch(line -> line.contains("heard one way"))
                .anyMatch(line -> line.contains("and the other"));
    }
}
