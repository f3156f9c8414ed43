package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes that are no requests, sent to the built service, where Netty finds what answers them. */
@Timeout(120)
class UnreadableRequestsTest {
    private static final String HEALTH = "GET /health HTTP/1.1\r\nHost: x\r\n";

    @TempDir
    private static Path directory;

    private static BuiltService service;

    @BeforeAll
    static void start() throws Exception {
        service = BuiltService.start(BuiltService.Place.in(directory, false), Map.of());
    }

    @AfterAll
    static void end() throws Exception {
        service.close();
    }

    @ParameterizedTest
    @DisplayName("statement 8: what cannot be read is told so in its turn, and the connection is closed")
    @ValueSource(
            strings = {
                "\u0001\u0002 nonsense\r\n\r\n",
                "GET\r\n\r\n",
                "PUT / HTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET /health HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
                "GET / two HTTP/1.1\r\nHost: x\r\n\r\n",
                HEALTH + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
                HEALTH + "Content-Length: -1\r\n\r\n",
                HEALTH + "Content-Length: x\r\n\r\n",
                HEALTH + "X\u0000: y\r\n\r\n",
                HEALTH + "X : y\r\n\r\n",
                HEALTH + "no colon\r\n\r\n",
            })
    void whatIsNoRequestIsAnsweredInItsTurn(String bytes) throws IOException {
        assertRefused(bytes, 400, "invalid_request");
    }

    @ParameterizedTest
    @DisplayName("statement 8: so is a head that is not even read to its end")
    @ValueSource(ints = {140_000, 1_000_000})
    void whatIsMuchTooLongIsAnsweredInItsTurn(int length) throws IOException {
        String much = "x".repeat(length);
        assertRefused("GET /" + much + " HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long");
        assertRefused(HEALTH + "X: " + much + much + "\r\n\r\n", 431, "headers_too_large");
    }

    private static void assertRefused(String bytes, int status, String code) throws IOException {
        try (var wire = new Wire(URI.create(service.url()))) {
            wire.send(HEALTH + "\r\n" + bytes);

            assertThat(wire.reply("GET").headers()).doesNotContainKey("connection");
            var reply = wire.reply("GET");
            var answer = new Door.Answer(reply.status(), reply);
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.code()).isEqualTo(code);
            assertThat(answer.json().get("action").asText()).isNotEmpty();
            assertThat(answer.header("Connection")).isEqualTo("close");
            assertThat(wire.isClosedWithin(20_000)).isTrue();
        }
    }
}
