package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that are asked for, and bodies that never come. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(120)
class BodyQuarkusTest {
    private static final Door DOOR = Door.admin();
    private static String id = "";

    @BeforeAll
    static void create() {
        id = DOOR.create();
    }

    @AfterAll
    static void remove() {
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    @DisplayName("a caller who asks before it sends a body is told to go on where the body is wanted, else the refusal")
    void aCallerWhoAsksBeforeItSendsIsTold() throws IOException {
        String put = "PUT /v1/sandbox/" + id + "/file/workspace/asked HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                + "Expect: 100-continue\r\n";
        try (var wire = new Wire()) {
            wire.send(put + "Authorization: Bearer " + DoorProfile.ADMIN + "\r\n\r\n");
            assertThat(wire.head().status()).isEqualTo(100);
            assertThat(wire.send("body").reply("PUT").status()).isEqualTo(200);
        }
        assertThat(DOOR.read(id, "workspace/asked").text()).isEqualTo("body");
        try (var wire = new Wire()) {
            assertThat(wire.send(put + "Authorization: Bearer wrong\r\n\r\n")
                            .reply("PUT")
                            .status())
                    .isEqualTo(401);
        }
    }

    @Test
    @DisplayName("whoever leaves before its body is read leaves nobody who waits for it")
    void whoeverLeavesBeforeItsBodyIsReadLeavesNobodyWhoWaits() throws IOException {
        for (int i = 0; i < 200; i++) {
            try (var wire = new Wire()) {
                wire.request(
                        i % 2 == 0 ? "POST" : "PUT",
                        i % 2 == 0 ? "/v1/sandbox/" + id + "/exec" : Door.file(id, "workspace/left"),
                        new byte[0],
                        "Authorization",
                        "Bearer " + DoorProfile.ADMIN,
                        "Content-Length",
                        "1000");
            }
        }
        Door.await("nobody waits for a body", 30, () -> !threads().contains(RequestBody.class.getName()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"h2c", "websocket"})
    @DisplayName("whoever offers another protocol in passing is served like any other, and no body is lost")
    void whoeverOffersAnotherProtocolIsServedLikeAnyOther(String protocol) throws IOException {
        byte[] large = "x".repeat(1 << 20).getBytes(UTF_8);
        String file = Door.file(id, "workspace/offered-" + protocol);
        try (var wire = new Wire()) {
            for (int i = 0; i < 20; i++) {
                assertThat(offering(protocol, wire, "PUT", file, large, DoorProfile.ADMIN)
                                .status())
                        .isEqualTo(200);
                assertThat(DOOR.read(id, "workspace/offered-" + protocol).bytes())
                        .isEqualTo(large);
                assertThat(offering(protocol, wire, "PUT", file, large, "wrong").status())
                        .isEqualTo(401);
                String outside = Door.file(id, "etc/passwd");
                assertThat(offering(protocol, wire, "PUT", outside, large, DoorProfile.ADMIN)
                                .status())
                        .isEqualTo(403);
                byte[] exec = "{\"argv\":[\"echo\",\"hello\"]}".getBytes(UTF_8);
                var ran = offering(protocol, wire, "POST", "/v1/sandbox/" + id + "/exec", exec, DoorProfile.ADMIN);
                assertThat(Door.ran(new Door.Answer(ran.status(), ran)).out()).isEqualTo("hello\n");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection: Upgrade\r\nUpgrade: websocket\r\n"})
    @DisplayName("a body that was refused and never comes does not hold its connection, whatever else was offered")
    void aRefusedBodyThatNeverComesDoesNotHoldItsConnection(String offer) throws IOException {
        try (var wire = new Wire()) {
            wire.send("PUT " + Door.file(id, "workspace/refused") + " HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
                    + offer + "Authorization: Bearer wrong\r\n\r\n");
            assertThat(wire.reply("PUT").status()).isEqualTo(401);
            assertThat(wire.isClosedWithin(20_000)).isTrue();
        }
    }

    /** As Java's client and curl do on plain connections, with every request. */
    private static Wire.Reply offering(
            String protocol, Wire wire, String method, String target, byte[] body, String key) throws IOException {
        wire.request(
                method,
                target,
                body,
                "Connection",
                "Upgrade, HTTP2-Settings",
                "Upgrade",
                protocol,
                "HTTP2-Settings",
                "AAMAAABkAAQAAP__",
                "Authorization",
                "Bearer " + key);
        return wire.reply(method);
    }

    /** What all threads do, virtual ones too. */
    static String threads() {
        try {
            Path dump = Files.createTempDirectory("threads").resolve("dump");
            try {
                ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
                return Files.readString(dump);
            } finally {
                Files.deleteIfExists(dump);
                Files.delete(dump.getParent());
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
