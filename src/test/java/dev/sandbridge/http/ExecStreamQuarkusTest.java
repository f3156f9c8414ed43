package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract's chapter on exec: requests it refuses, and the form of its event stream. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(180)
class ExecStreamQuarkusTest {
    private static final Door DOOR = Door.admin();
    private static String id = "";
    private static String exec = "";

    @BeforeAll
    static void create() {
        id = DOOR.create();
        exec = "/v1/sandbox/" + id + "/exec";
    }

    @AfterAll
    static void remove() {
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    @DisplayName("statement 33: a body that is not a JSON object is 400 invalid_request")
    void aBodyThatIsNotJsonIsRefused() {
        for (String body : List.of("{", "[]", "\"x\"", "null", "argv=true", "{\"argv\":[\"true\"]} x", "\0")) {
            var answer = DOOR.post(exec, body);
            assertThat(answer.status()).as(body).isEqualTo(400);
            assertThat(answer.code()).as(body).isEqualTo("invalid_request");
        }
    }

    @Test
    @DisplayName("statement 34: argv must be a non-empty array of strings")
    void argvMustBeANonEmptyArray() {
        for (String body : List.of(
                "",
                "{}",
                "{\"argv\":[]}",
                "{\"argv\":null}",
                "{\"argv\":\"true\"}",
                "{\"argv\":[1]}",
                "{\"argv\":{}}")) {
            var answer = DOOR.post(exec, body);
            assertThat(answer.status()).as(body).isEqualTo(400);
            assertThat(answer.error()).as(body).contains("argv must be a non-empty array");
        }
    }

    @Test
    @DisplayName("statement 34: every other ill-typed member is 400 and named, its value is not")
    void illTypedMembersAreNamed() {
        for (var member : Map.of(
                        "timeout_ms", "\"s3cret\"",
                        "cwd", "[\"s3cret\"]",
                        "env", "{\"A\":{\"s3cret\":1}}",
                        "user", "{\"s3cret\":0}",
                        "stdin", "[\"s3cret\"]",
                        "stdin_base64", "\"s3cret!\"")
                .entrySet()) {
            var answer = DOOR.post(exec, "{\"argv\":[\"true\"],\"" + member.getKey() + "\":" + member.getValue() + "}");
            assertThat(answer.status()).as(member.getKey()).isEqualTo(400);
            assertThat(answer.error()).startsWith(member.getKey() + " must be");
            assertThat(answer.text()).doesNotContain("s3cret");
        }
        for (String timeout : List.of("0", "-1", "1.5", "1e3", "99999999999999999999")) {
            assertThat(DOOR.post(exec, "{\"argv\":[\"true\"],\"timeout_ms\":" + timeout + "}")
                            .status())
                    .as(timeout)
                    .isEqualTo(400);
        }
    }

    @Test
    @DisplayName("statement 35: cwd outside the workspace is 403; a relative one lies below it")
    void cwdLiesBelowTheWorkspace() {
        for (String cwd : List.of("/tmp", "/workspace/../../etc", "..", "/", "/workspacex")) {
            var answer = DOOR.post(exec, Map.of("argv", List.of("true"), "cwd", cwd));
            assertThat(answer.status()).as(cwd).isEqualTo(403);
            assertThat(answer.code()).as(cwd).isEqualTo("invalid_request");
        }
        DOOR.sh(id, "mkdir -p src/a");
        for (String cwd : List.of("src", "/workspace/src", "src/a/..", "./src/")) {
            assertThat(DOOR.run(id, Map.of("argv", List.of("pwd"), "cwd", cwd)).out())
                    .as(cwd)
                    .isEqualTo("/workspace/src\n");
        }
    }

    @Test
    @DisplayName("statements 36, 37: 200 and exactly text/event-stream, also for commands that fail or do not exist")
    void theAnswerIsAnEventStream() {
        for (String program : List.of("true", "false", "/does/not/exist", "/workspace")) {
            var answer = DOOR.post(exec, Map.of("argv", List.of(program)));
            assertThat(answer.status()).as(program).isEqualTo(200);
            assertThat(answer.header("Content-Type")).as(program).isEqualTo("text/event-stream");
            assertThat(answer.header("Cache-Control")).as(program).isEqualTo("no-cache");
        }
    }

    @Test
    @DisplayName("statements 38 to 42: events in base64, exit last with an integer, an empty line after each")
    void eventsHaveTheContractsForm() {
        var answer =
                DOOR.post(exec, Map.of("argv", List.of("sh", "-c", "echo hello; echo oops >&2; seq 2000; exit 3")));
        String text = answer.text();
        assertThat(text).endsWith("event: exit\ndata: {\"exit_code\":3}\n\n");
        assertThat(text).matches("(?s)((event: (stdout|stderr|exit)\ndata: [^\n]+\n|: [^\n]*\n)\n)+");
        assertThat(text.split("event: exit", -1)).hasSize(2);
        var ran = Door.ran(answer);
        assertThat(ran.out()).startsWith("hello\n1\n2\n").endsWith("\n2000\n");
        assertThat(ran.err()).isEqualTo("oops\n");
        assertThat(ran.events().getLast().name()).isEqualTo("exit");
    }

    @Test
    @DisplayName("statement 43: the exit event and the end of the body arrive together; 20 execs use one connection")
    void exitArrivesWithTheEnd() throws IOException {
        byte[] body = "{\"argv\":[\"sh\",\"-c\",\"echo a; sleep 0.2; exit 5\"]}".getBytes(UTF_8);
        try (var wire = new Wire()) {
            for (int i = 0; i < 20; i++) {
                byte[] quick = i == 0 ? body : "{\"argv\":[\"echo\",\"hi\"]}".getBytes(UTF_8);
                wire.request("POST", exec, quick, "Authorization", "Bearer " + DoorProfile.ADMIN);
                String last = "";
                var all = new StringBuilder();
                while (!ended(all)) {
                    last = new String(wire.arrival(), US_ASCII);
                    assertThat(last).as("the connection stays open").isNotEmpty();
                    all.append(last);
                }
                assertThat(last).contains("event: exit");
            }
        }
    }

    private static boolean ended(CharSequence answer) {
        String text = answer.toString();
        int head = text.indexOf("\r\n\r\n");
        if (head < 0) {
            return false;
        }
        String length = text.substring(0, head).replaceAll("(?is).*content-length: ([0-9]+).*", "$1");
        return length.matches("[0-9]+")
                ? text.length() >= head + 4 + Integer.parseInt(length)
                : text.endsWith("\r\n0\r\n\r\n");
    }

    @Test
    @DisplayName("statement 44: no event ends within a UTF-8 character; bytes that are none come all the same")
    void eventsHoldWholeCharacters() throws CharacterCodingException {
        var ran = DOOR.sh(
                id,
                "i=0; while [ $i -lt 30000 ]; do printf 'aü€😀'; i=$((i+1)); done; printf '\\342'; sleep 0.1; "
                        + "printf '\\202\\254'");
        var whole = new ByteArrayOutputStream();
        for (var event : ran.events()) {
            if (event.name().equals("stdout")) {
                UTF_8.newDecoder().decode(ByteBuffer.wrap(event.bytes()));
                whole.writeBytes(event.bytes());
            }
        }
        assertThat(whole.toString(UTF_8)).isEqualTo("aü€😀".repeat(30000) + "€");
        assertThat(DOOR.sh(id, "printf 'x\\342\\202'").stdout()).containsExactly('x', 0xE2, 0x82);
    }

    @Test
    @DisplayName("statement 45: every byte of a stream is ASCII")
    void streamsAreAscii() {
        byte[] stream = DOOR.post(exec, Map.of("argv", List.of("sh", "-c", "echo ü€😀; /tmp/ü€; exit 1")))
                .bytes();
        assertThat(new String(stream, ISO_8859_1)).matches("\\p{ASCII}*");
    }

    @Test
    @DisplayName("statement 46: no event carries more than 64 KiB")
    void eventsAreSmall() {
        var ran = DOOR.sh(id, "head -c 3000000 /dev/zero");
        assertThat(ran.stdout()).hasSize(3_000_000);
        for (var event : ran.events()) {
            if (event.name().equals("stdout")) {
                assertThat(event.bytes().length).isLessThanOrEqualTo(64 * 1024);
            }
        }
    }

    @Test
    @DisplayName("statement 47: any bytes arrive as they are")
    void anyBytesArrive() {
        assertThat(DOOR.sh(id, "printf '\\377\\000ab'").stdout()).containsExactly(0xFF, 0, 'a', 'b');
        var all = DOOR.sh(id, "i=0; while [ $i -lt 256 ]; do printf \"\\\\$(printf %o $i)\"; i=$((i+1)); done");
        var expected = new byte[256];
        for (int i = 0; i < 256; i++) {
            expected[i] = (byte) i;
        }
        assertThat(all.stdout()).isEqualTo(expected);
    }

    @Test
    @DisplayName("statement 60: a caller who goes away while it waits for its session starts nothing and holds nothing")
    void aCallerWhoGoesAwayWhileItWaitsStartsNothing() throws IOException {
        try (var busy = new Wire()) {
            inSession(busy, "touch on; until [ -e go ]; do sleep 0.05; done");
            Door.await("it runs", 20, () -> DOOR.sh(id, "[ -e on ]").code() == 0);
            try (var waiting = new Wire()) {
                inSession(waiting, "touch late");
                Door.await("it waits", 20, ExecStreamQuarkusTest::isTurnAwaited);
            }
            Door.await("nobody waits any more", 20, () -> !isTurnAwaited());
            DOOR.sh(id, "touch go");
            busy.reply("POST");
        }
        try (var next = new Wire()) {
            inSession(next, "ls").reply("POST");
        }
        assertThat(DOOR.sh(id, "ls -d late").out()).isEmpty();
    }

    private static Wire inSession(Wire wire, String script) throws IOException {
        return wire.request(
                "POST",
                exec,
                ("{\"argv\":[\"sh\",\"-c\",\"" + script + "\"]}").getBytes(UTF_8),
                "Session-Id",
                "busy",
                "Authorization",
                "Bearer " + DoorProfile.ADMIN);
    }

    private static boolean isTurnAwaited() {
        return BodyQuarkusTest.threads().contains("ShellSessions.take");
    }

    @Test
    @DisplayName("statement 59: a silent stream carries comments, and the head comes before the first output (scaled)")
    void aSilentStreamCarriesComments() {
        var answer = DOOR.post(exec, Map.of("argv", List.of("sh", "-c", "sleep 2; echo x")));
        assertThat(answer.text()).contains(": ping\n\n");
        assertThat(Door.ran(answer).out()).isEqualTo("x\n");
    }
}
