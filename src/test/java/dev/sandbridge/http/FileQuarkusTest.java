package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract's chapter on files. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(180)
@Tag("lambda-http")
class FileQuarkusTest {
    private static final Door DOOR = Door.admin();

    /** What aiohttp leaves as it is in a path; everything else of a name it escapes. */
    private static final String PYTHON_RAW = "!$&'()*,:;=@~";

    /** What encodeURIComponent leaves as it is. */
    private static final String JAVASCRIPT_RAW = "!'()*~";

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
    @DisplayName("statements 65, 66, 76: PUT is 200 with a JSON object; GET gives the same bytes as octet-stream")
    @Tag("long-lived")
    void bytesAreKept() {
        var large = new byte[32 << 20];
        new Random(7).nextBytes(large);
        var every = new byte[256];
        for (int i = 0; i < 256; i++) {
            every[i] = (byte) i;
        }
        for (byte[] bytes : List.of(
                new byte[0],
                new byte[] {'x'},
                every,
                large,
                "latin-1: \u00fc\u00e9".getBytes(ISO_8859_1),
                "data: {\"type\":\"metadata\"}\n\ndata: {\"type\":\"complete\"}\n\n".getBytes(UTF_8))) {
            var put = DOOR.write(id, "workspace/bytes.txt", bytes);
            assertThat(put.status()).isEqualTo(200);
            assertThat(put.json().isObject()).isTrue();
            var got = DOOR.read(id, "workspace/bytes.txt");
            assertThat(got.status()).isEqualTo(200);
            assertThat(got.header("Content-Type")).isEqualTo("application/octet-stream");
            assertThat(got.header("Content-Length")).isEqualTo(Integer.toString(bytes.length));
            assertThat(got.bytes()).isEqualTo(bytes);
        }
        DOOR.sh(id, "rm bytes.txt");
    }

    @Test
    @DisplayName("statement 67: missing parents are made")
    void parentsAreMade() {
        assertThat(DOOR.write(id, "workspace/p/q/r/s.txt", "x".getBytes(UTF_8)).status())
                .isEqualTo(200);
        assertThat(DOOR.sh(id, "cat p/q/r/s.txt").out()).isEqualTo("x");
    }

    @Test
    @DisplayName(
            "statements 68, 69: files are replaced, seen by exec at once and the reverse, and belong to exec's user")
    void filesAreSharedWithCommands() {
        DOOR.write(id, "workspace/shared", "long first contents".getBytes(UTF_8));
        DOOR.write(id, "workspace/shared", "two".getBytes(UTF_8));
        assertThat(DOOR.sh(id, "cat shared; stat -c ' %a' shared; stat -c %U shared; id -un")
                        .out())
                .matches("two 644\n(.+)\n\\1\n");
        DOOR.sh(id, "printf three > shared");
        assertThat(DOOR.read(id, "workspace/shared").text()).isEqualTo("three");
        assertThat(DOOR.sh(id, "chmod 0755 shared && ./shared || true; stat -c %a shared")
                        .out())
                .endsWith("755\n");
        DOOR.write(id, "workspace/shared", "four".getBytes(UTF_8));
        assertThat(DOOR.sh(id, "stat -c %a shared").out()).isEqualTo("755\n");
        assertThat(DOOR.call("PUT", Door.file(id, "workspace/shared") + "?mode=600", "x")
                        .status())
                .isEqualTo(200);
        assertThat(DOOR.sh(id, "stat -c %a shared").out()).isEqualTo("600\n");
    }

    @Test
    @DisplayName("statement 70: 27 names mean the same to Python's escaping, JavaScript's escaping and exec")
    void namesMeanTheSameEverywhere() {
        var names = new ArrayList<String>();
        for (String part : "  ? # % %25 + & = ; @ : , $ ( ) ! * ' [ ] ~ \\ ü| ^ <>\"{}`".split(" ")) {
            names.add("n" + (part.isEmpty() ? " " : part) + "m");
        }
        names.add("|^<>\"{}`");
        assertThat(names).hasSizeGreaterThanOrEqualTo(27);
        for (String name : names) {
            byte[] content = name.getBytes(UTF_8);
            assertThat(DOOR.write(id, "workspace/names/" + escape(name, PYTHON_RAW), content)
                            .status())
                    .as(name)
                    .isEqualTo(200);
            assertThat(DOOR.read(id, "workspace/names/" + escape(name, JAVASCRIPT_RAW))
                            .bytes())
                    .as(name)
                    .isEqualTo(content);
            assertThat(DOOR.run(id, Map.of("argv", List.of("cat", "names/" + name)))
                            .out())
                    .as(name)
                    .isEqualTo(name);
        }
        assertThat(DOOR.sh(id, "ls names | wc -l").out().strip())
                .isEqualTo(Long.toString(names.stream().distinct().count()));
    }

    @Test
    @DisplayName("statement 70: names sent without any escaping, and names that are not UTF-8, are kept too")
    void otherNamesAreKept() throws IOException {
        for (String name : List.of("[id].tsx", "{a}|b^c`", "a\"b<c>", "back\\slash")) {
            assertThat(DOOR.write(id, "workspace/raw/" + name, name.getBytes(UTF_8))
                            .status())
                    .as(name)
                    .isEqualTo(200);
            assertThat(DOOR.run(id, Map.of("argv", List.of("cat", "raw/" + name)))
                            .out())
                    .as(name)
                    .isEqualTo(name);
        }
        assertThat(DOOR.write(id, "workspace/raw2/%ff%FE", "odd".getBytes(UTF_8))
                        .status())
                .isEqualTo(200);
        assertThat(DOOR.sh(id, "cat raw2/$(printf '\\377\\376')").out()).isEqualTo("odd");
        var listed = DOOR.get("/v1/sandbox/" + id + "/files?path=raw2").json().get(0);
        assertThat(listed.get("name_base64").binaryValue()).containsExactly(0xFF, 0xFE);
    }

    @Test
    @DisplayName("statements 71, 72: no path leaves the workspace, however it is escaped")
    void noPathLeavesTheWorkspace() {
        assertThat(DOOR.get("/v1/sandbox/" + id + "/file/").status()).isIn(400, 404);
        assertThat(DOOR.get("/v1/sandbox/" + id + "/file").status()).isIn(400, 404);
        for (String path : List.of(
                "etc/passwd",
                "main.py",
                "workspace/../tmp/x",
                "workspacefoo/x",
                "tmp/secret",
                "workspace/%2e%2e/etc/passwd",
                "workspace/..%2fetc%2fpasswd",
                "workspace%2f..%2f..%2fetc/passwd",
                "%2fetc%2fpasswd",
                "..%2f..%2f..%2fetc/passwd",
                "workspace/a/../../etc/passwd",
                "/etc/passwd",
                "./../workspace/../etc",
                "%2e%2e/%2e%2e/running")) {
            for (String method : List.of("GET", "PUT", "DELETE")) {
                var answer = DOOR.call(method, Door.file(id, path), "x");
                assertThat(answer.status()).as(method + " " + path).isEqualTo(403);
                assertThat(answer.error()).as(path).contains("within /workspace");
                assertThat(answer.code()).as(path).isEqualTo("invalid_request");
            }
        }
        assertThat(DOOR.write(id, "workspace/x/%2e%2e/inside", new byte[1]).status())
                .isEqualTo(200);
        assertThat(DOOR.sh(id, "ls inside").out()).isEqualTo("inside\n");
        assertThat(DOOR.read(id, "workspace/%00").status()).isEqualTo(400);
    }

    /** What stands before a function in the tests takes no address of that length. */
    @Test
    @Tag("long-lived")
    void aPathThatIsTooLongIsRefused() {
        assertThat(DOOR.read(id, "workspace/" + "a".repeat(5000)).status()).isEqualTo(400);
    }

    @Test
    @DisplayName("statement 73: a link that points outside reaches what a command would reach, nothing of the host")
    void linksStayInside() {
        DOOR.sh(id, "ln -sf /etc/hostname out; ln -sfn / root; ln -sf loop loop");
        String inside = DOOR.sh(id, "cat /etc/hostname").out();
        var through = DOOR.read(id, "workspace/out");
        assertThat(through.status() == 200 ? through.text() : inside).isEqualTo(inside);
        var passwd = DOOR.read(id, "workspace/root/etc/passwd");
        assertThat(
                        passwd.status() == 200
                                ? passwd.text()
                                : DOOR.sh(id, "cat /etc/passwd").out())
                .isEqualTo(DOOR.sh(id, "cat /etc/passwd").out());
        assertThat(DOOR.read(id, "workspace/loop").status()).isBetween(400, 599);
    }

    @Test
    @DisplayName("statement 74: a missing file is 404 workspace_read_not_found")
    void aMissingFileIsNotFound() {
        for (String path : List.of("workspace/none.txt", "workspace/no/such/dir/x")) {
            var answer = DOOR.read(id, path);
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.code()).isEqualTo("workspace_read_not_found");
            assertThat(answer.error()).isNotEmpty();
            assertThat(DOOR.call("HEAD", Door.file(id, path), "").status()).isEqualTo(404);
        }
    }

    @Test
    @DisplayName("statement 75: a directory, a fifo and a device are refused, not read")
    void whatIsNoFileIsRefused() {
        DOOR.sh(id, "mkdir -p adir; mkfifo apipe; ln -sf /dev/zero adevice");
        for (String path : List.of("workspace", "workspace/adir", "workspace/apipe", "workspace/adevice")) {
            var answer = DOOR.read(id, path);
            assertThat(answer.status()).as(path).isBetween(400, 599).isNotEqualTo(403);
            assertThat(answer.error()).as(path).isNotEmpty();
        }
        assertThat(DOOR.write(id, "workspace/adir", new byte[1]).status()).isEqualTo(409);
    }

    @Test
    @DisplayName("statement 77: a body above the limit is 413 payload_too_large, and the connection serves on")
    @Tag("long-lived")
    void aBodyAboveTheLimitIsRefused() throws IOException {
        DOOR.write(id, "workspace/limited", "old".getBytes(UTF_8));
        try (var wire = new Wire()) {
            var body = new byte[DoorProfile.MAX_UPLOAD + 1];
            var announced = DOOR.call(wire, "PUT", Door.file(id, "workspace/limited"), body);
            assertThat(announced.status()).isEqualTo(413);
            assertThat(announced.code()).isEqualTo("payload_too_large");
            assertThat(DOOR.call(wire, "GET", "/v1/sandbox/" + id + "/running", new byte[0])
                            .status())
                    .as("the same connection")
                    .isEqualTo(200);

            wire.request(
                    "PUT",
                    Door.file(id, "workspace/limited"),
                    new byte[0],
                    "Transfer-Encoding",
                    "chunked",
                    "Authorization",
                    "Bearer " + DoorProfile.ADMIN);
            for (int i = 0; i < 41; i++) {
                wire.send("100000\r\n").send(new byte[1 << 20]).send("\r\n");
            }
            wire.send("0\r\n\r\n");
            var counted = wire.reply("PUT");
            assertThat(counted.status()).isEqualTo(413);
            assertThat(DOOR.call(wire, "GET", "/v1/sandbox/" + id + "/running", new byte[0])
                            .status())
                    .as("the same connection")
                    .isEqualTo(200);
        }
        assertThat(DOOR.read(id, "workspace/limited").text()).isEqualTo("old");
        var json = DOOR.post("/v1/sandbox/" + id + "/exec", " ".repeat(9 << 20));
        assertThat(json.status()).isEqualTo(413);
    }

    @Test
    @DisplayName("a part of a file is refused, for a PUT writes it whole (RFC 9110, 14.5)")
    void aPartOfAFileIsRefused() {
        DOOR.write(id, "workspace/whole", "old bytes".getBytes(UTF_8));

        var answer = DOOR.call("PUT", Door.file(id, "workspace/whole"), "tail", "Content-Range", "bytes 5-8/9");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.code()).isEqualTo("invalid_request");
        assertThat(DOOR.read(id, "workspace/whole").text()).isEqualTo("old bytes");
    }

    @Test
    @DisplayName("statement 78: the JavaScript SDK's staging files below /tmp are accepted")
    void stagingFilesAreAccepted() {
        assertThat(DOOR.write(id, "tmp/openai-agents-0123abcd", "staged".getBytes(UTF_8))
                        .status())
                .isEqualTo(200);
        assertThat(DOOR.sh(id, "cat /tmp/openai-agents-0123abcd").out()).isEqualTo("staged");
    }

    @Test
    @DisplayName("statement 79: writes and commands go on side by side")
    @Tag("long-lived")
    void writesAndCommandsGoOnSideBySide() {
        var all = new ArrayList<CompletableFuture<Void>>();
        for (int i = 0; i < 8; i++) {
            String name = "side" + i;
            all.add(CompletableFuture.runAsync(
                    () -> {
                        for (int round = 0; round < 5; round++) {
                            String content = name + round;
                            assertThat(DOOR.write(id, "workspace/side/" + name, content.getBytes(UTF_8))
                                            .status())
                                    .isEqualTo(200);
                            assertThat(DOOR.sh(id, "cat side/" + name).out()).isEqualTo(content);
                        }
                    },
                    task -> Thread.ofVirtual().start(task)));
        }
        all.forEach(CompletableFuture::join);
    }

    private static String escape(String name, String raw) {
        var escaped = new StringBuilder();
        for (byte b : name.getBytes(UTF_8)) {
            char c = (char) (b & 0xFF);
            boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "-._".indexOf(c) >= 0 || raw.indexOf(c) >= 0);
            escaped.append(plain ? String.valueOf(c) : String.format("%%%02X", (int) c));
        }
        return escaped.toString();
    }
}
