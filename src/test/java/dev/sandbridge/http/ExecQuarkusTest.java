package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract's chapter on exec: what commands get and what becomes of them. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(180)
@Tag("lambda-http")
class ExecQuarkusTest {
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
    @DisplayName("statement 48: arguments arrive as they are")
    void argumentsArriveAsTheyAre() {
        var items = List.of(
                "a b",
                "\"",
                "'",
                "$HOME",
                "`id`",
                ";|&",
                "a\nb\n",
                "\t",
                "\\",
                "\\n",
                "ü€😀",
                "",
                "*",
                "~",
                "-n",
                "%s",
                "\r",
                "x".repeat(10_000));
        var argv = new ArrayList<>(List.of("printf", "%s\\0"));
        argv.addAll(items);
        assertThat(DOOR.run(id, Map.of("argv", argv)).out()).isEqualTo(String.join("\0", items) + "\0");
    }

    @Test
    @DisplayName("statement 49: an argument of 128 KiB less one byte works, a longer one fails cleanly")
    void longArguments() {
        String longest = "x".repeat(128 * 1024 - 1);
        assertThat(DOOR.run(id, Map.of("argv", List.of("printf", "%s", longest)))
                        .out())
                .isEqualTo(longest);
        var answer = DOOR.post("/v1/sandbox/" + id + "/exec", Map.of("argv", List.of("printf", "%s", longest + "x")));
        if (answer.status() == 200) {
            assertThat(Door.ran(answer).code()).isNotZero();
        } else {
            assertThat(answer.code()).isEqualTo("invalid_request");
        }
    }

    @Test
    @DisplayName("statement 50: commands start in /workspace and their input is at its end")
    void commandsStartInTheWorkspace() {
        assertThat(DOOR.sh(id, "pwd; cat; echo done").out()).isEqualTo("/workspace\ndone\n");
    }

    @Test
    @DisplayName("statement 51: nothing but files is kept between calls")
    void onlyFilesAreKept() {
        DOOR.sh(id, "cd /tmp; export LEAK=1; echo a > /workspace/kept; echo b > /tmp/kept");
        assertThat(DOOR.sh(id, "pwd; echo \"[$LEAK]\"; cat /workspace/kept /tmp/kept")
                        .out())
                .isEqualTo("/workspace\n[]\na\nb\n");
    }

    @Test
    @DisplayName("statement 52: ten commands run side by side")
    @Tag("long-lived")
    void tenCommandsRunSideBySide() {
        DOOR.sh(id, "true");
        long start = System.nanoTime();
        var all = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < 10; i++) {
            int code = i;
            all.add(CompletableFuture.supplyAsync(
                    () -> DOOR.sh(id, "sleep 1; exit " + code).code(),
                    task -> Thread.ofVirtual().start(task)));
        }
        for (int i = 0; i < 10; i++) {
            assertThat(all.get(i).join()).isEqualTo(i);
        }
        assertThat(System.nanoTime() - start).isLessThan(3_000_000_000L);
    }

    @Test
    @DisplayName("statement 53: exit codes pass; a missing program is an exit, not an error")
    void exitCodesPass() {
        for (int code : List.of(0, 1, 42, 111, 112, 113, 114, 124, 255)) {
            assertThat(DOOR.sh(id, "exit " + code).code()).isEqualTo(code);
        }
        assertThat(DOOR.run(id, Map.of("argv", List.of("no-such-program"))).code())
                .isEqualTo(127);
        assertThat(DOOR.run(id, Map.of("argv", List.of("/etc/passwd"))).code()).isEqualTo(126);
    }

    @Test
    @DisplayName("statement 54: death by signal n is 128 + n")
    void deathBySignal() {
        for (int signal : List.of(1, 9, 11, 15)) {
            assertThat(DOOR.sh(id, "kill -" + signal + " $$").code()).isEqualTo(128 + signal);
        }
    }

    @Test
    @DisplayName("statement 55: the time limit ends a command and all it started, says so, and gives 124")
    void theTimeLimitEndsACommand() {
        long start = System.nanoTime();
        var ran = DOOR.run(
                id,
                Map.of(
                        "argv",
                        List.of("sh", "-c", "echo begun; sleep 61 & setsid sleep 62 & sleep 60"),
                        "timeout_ms",
                        1000));
        assertThat(System.nanoTime() - start).isLessThan(4_000_000_000L);
        assertThat(ran.code()).isEqualTo(124);
        assertThat(ran.out()).isEqualTo("begun\n");
        assertThat(ran.err()).contains("Command timed out after 1000ms\n");
        assertThat(sleeping("6[012]")).isEqualTo("0");
    }

    @Test
    @DisplayName("statement 56: the same for a command that ignores SIGTERM")
    void theTimeLimitEndsACommandThatIgnoresIt() {
        long start = System.nanoTime();
        var ran = DOOR.run(
                id,
                Map.of("argv", List.of("sh", "-c", "trap '' TERM; sleep 63; sleep 64; sleep 65"), "timeout_ms", 1000));
        assertThat(System.nanoTime() - start).isLessThan(4_000_000_000L);
        assertThat(ran.code()).isEqualTo(124);
        assertThat(sleeping("6[345]")).isEqualTo("0");
    }

    @Test
    @DisplayName("statement 57: a background child that holds the output does not hold the call")
    void aBackgroundChildDoesNotHoldTheCall() {
        long start = System.nanoTime();
        var ran = DOOR.sh(id, "sleep 66 & echo x");
        assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).isEqualTo("x\n");
        assertThat(sleeping("66")).isEqualTo("1");
        // By its name alone it would be found in the whole machine, where sandboxes see all processes.
        DOOR.sh(id, "pkill -f '^slee[p] 66$'");
    }

    @Test
    @DisplayName("statement 58: 5 MiB of output arrive complete and in order")
    @Tag("long-lived")
    void muchOutputArrives() {
        var ran = DOOR.sh(id, "seq 1 700000");
        var expected = new StringBuilder();
        for (int i = 1; i <= 700_000; i++) {
            expected.append(i).append('\n');
        }
        assertThat(ran.out().length()).isGreaterThan(4_700_000);
        assertThat(ran.out()).isEqualTo(expected.toString());
    }

    @Test
    @DisplayName("statement 60: a caller who goes away takes the command along, also a silent one")
    @Tag("long-lived")
    void aCallerWhoGoesAwayTakesTheCommandAlong() throws IOException {
        for (String accept : List.of("*/*", "application/json")) {
            try (var wire = new Wire()) {
                wire.request(
                        "POST",
                        "/v1/sandbox/" + id + "/exec",
                        "{\"argv\":[\"sh\",\"-c\",\"trap '' TERM HUP; touch on; sleep 67\"]}".getBytes(UTF_8),
                        "Accept",
                        accept,
                        "Authorization",
                        "Bearer " + DoorProfile.ADMIN);
                Door.await("it runs", 20, () -> sleeping("67").equals("1"));
            }
            Door.await("it is gone", 5, () -> sleeping("67").equals("0"));
        }
    }

    @Test
    @DisplayName("statement 61: no room for a sandbox is 503 capacity_exceeded, before any stream")
    void noRoomIs503() {
        var crowded = Door.owner("crowded");
        String revived = crowded.create();
        crowded.delete("/v1/sandbox/" + revived);
        var made = new ArrayList<String>();
        var answer = crowded.post("/v1/sandbox", Map.of());
        while (answer.status() == 200 && made.size() < 100) {
            made.add(answer.json().get("id").asText());
            answer = crowded.post("/v1/sandbox", Map.of());
        }
        for (var refused :
                List.of(answer, crowded.post("/v1/sandbox/" + revived + "/exec", Map.of("argv", List.of("true"))))) {
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.code()).isEqualTo("capacity_exceeded");
            assertThat(refused.header("Retry-After")).isEqualTo("1");
            assertThat(refused.json().get("retryable").asBoolean()).isTrue();
        }
        made.forEach(each -> crowded.delete("/v1/sandbox/" + each));
    }

    @Test
    @DisplayName("statement 62: a helper is installed in /tmp by a script and run directly")
    void aHelperIsInstalledAndRun() {
        String script = """
                dest="$1"; mkdir -p -- "$(dirname -- "$dest")" && tmp="$dest.$$" && cat > "$tmp" <<'EOF'
                #!/bin/sh
                # ü `quotes` "and" $dollars
                echo "resolved:$1"
                exit 111
                EOF
                chmod 0555 "$tmp" && mv -f -- "$tmp" "$dest"
                """;
        String helper = "/tmp/openai-agents/bin/resolve-0123456789ab";
        assertThat(DOOR.run(id, Map.of("argv", List.of("sh", "-c", script, "sh", helper)))
                        .code())
                .isZero();
        var ran = DOOR.run(id, Map.of("argv", List.of(helper, "/workspace/a")));
        assertThat(ran.out()).isEqualTo("resolved:/workspace/a\n");
        assertThat(ran.code()).isEqualTo(111);
    }

    @Test
    @DisplayName("statement 63: ls -la prints GNU's nine columns")
    void lsPrintsNineColumns() {
        DOOR.sh(id, "mkdir -p listed && touch listed/f");
        for (String line : DOOR.run(id, Map.of("argv", List.of("ls", "-la", "--", "/workspace/listed")))
                .out()
                .lines()
                .skip(1)
                .toList()) {
            assertThat(line.split(" +")).as(line).hasSize(9);
        }
    }

    @Test
    @DisplayName("statement 64: useradd and sudo -u work, or fail with a clear exit code")
    void usersWorkOrFailClearly() {
        var add = DOOR.sh(id, "useradd -U -M -s /usr/sbin/nologin worker");
        var as = DOOR.sh(id, "sudo -u worker -- id -un");
        if (add.code() == 0) {
            assertThat(as.out()).isEqualTo("worker\n");
            assertThat(as.code()).isZero();
        } else {
            assertThat(add.err()).isNotEmpty();
            assertThat(as.code()).isNotZero();
            assertThat(as.err()).isNotEmpty();
        }
    }

    /** How many sleeps with such an argument there are. */
    private static String sleeping(String argument) {
        return DOOR.sh(id, "pgrep -c -f '^sleep " + argument + "$'").out().strip();
    }
}
