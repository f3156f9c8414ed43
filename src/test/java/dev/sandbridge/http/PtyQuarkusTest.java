package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.Tickets;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.inject.Inject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tool calls' commands and tickets, over real sandboxes. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(120)
class PtyQuarkusTest {
    private static final Door DOOR = Door.admin();
    private static String id = "";
    private static String pty = "";

    @Inject
    Tickets tickets;

    @BeforeAll
    static void create() {
        id = DOOR.create();
        pty = "/v1/sandbox/" + id + "/pty";
    }

    @AfterAll
    static void delete() {
        DOOR.delete("/v1/sandbox/" + id);
    }

    @AfterEach
    void endAll() {
        assertThat(DOOR.delete(pty).status()).isEqualTo(204);
        assertThat(DOOR.get(pty + "s").json().get("ptys")).isEmpty();
    }

    @Test
    @DisplayName("18.4, trap 11: a command on a terminal ends with its code, without prompt or echo of itself")
    void aCommandOnATerminalEnds() {
        var answer = start(Map.of("command", "test -t 0 && test -t 1 && tty -s && stty size; pwd; echo $TERM; exit 7"));
        assertThat(answer.get("output").asText()).isEqualTo("24 80\r\n/workspace\r\nxterm-256color\r\n");
        assertThat(answer.get("exit_code").intValue()).isEqualTo(7);
        assertThat(answer.get("process_id").isNull()).isTrue();
        assertThat(answer.get("signal").isNull()).isTrue();
        assertThat(answer.get("original_token_count").isNull()).isTrue();
        assertThat(answer.get("dropped_bytes").longValue()).isZero();
        assertThat(answer.get("wall_time_seconds").doubleValue()).isBetween(0.0, 9.0);
    }

    @Test
    @DisplayName("23.2: an interactive program is typed into until it ends")
    void anInteractiveProgramIsTypedInto() {
        String script = "stty size; while read line; do [ \"$line\" = stop ] && exit 5; echo \"<$line>\"; done";
        int process = begin(Map.of("command", script, "cols", 100, "rows", 30), "30 100\r\n");
        assertThat(process).isBetween(1000, 99_999);
        var listed = DOOR.get(pty + "s").json().get("ptys");
        assertThat(listed).hasSize(1);
        assertThat(listed.get(0).get("process_id").intValue()).isEqualTo(process);
        assertThat(listed.get(0).get("running").booleanValue()).isTrue();

        awaitOutput(write(process, Map.of("chars", "hällo\n")), "hällo\r\n<hällo>\r\n");
        var ended = write(process, Map.of("chars", "stop\n", "yield_ms", 20_000));
        assertThat(ended.get("output").asText()).isEqualTo("stop\r\n");
        assertThat(ended.get("exit_code").intValue()).isEqualTo(5);
        assertThat(ended.get("process_id").isNull()).isTrue();
        assertUnknown(DOOR.post(pty + "/" + process, Map.of()));
    }

    @Test
    void controlCInterruptsWhatRunsOnTheTerminal() {
        int process = begin(Map.of("command", "echo up; exec sleep 60"), "up\r\n");
        var ended = write(process, Map.of("chars", "\u0003", "yield_ms", 20_000));
        assertThat(ended.get("exit_code").intValue()).isEqualTo(130);
        assertThat(ended.get("signal").asText()).isEqualTo("INT");
    }

    @Test
    @DisplayName("23.2: a process on pipes has no input, in the exact words, and no echo")
    void pipesHaveNoInput() {
        var call = Map.of("command", "test -t 1 || echo pipe; echo err >&2; cat; exec sleep 60", "tty", false);
        var refused = DOOR.post(pty + "/" + begin(call, "pipe\nerr\n"), Map.of("chars", "x"));
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.error()).isEqualTo("stdin is not available for this process");
        assertThat(refused.code()).isEqualTo("conflict");
    }

    @Test
    @DisplayName("23.1: command by sh -lc, sh -c without login, or the given shell; directory, environment, session")
    void aCommandIsRunAsAsked() {
        assertThat(output(Map.of("command", "echo $0", "tty", false))).isEqualTo("sh\n");
        assertThat(output(Map.of("command", "shopt -q login_shell && echo login", "shell", "bash", "tty", false)))
                .isEqualTo("login\n");
        assertThat(output(Map.of(
                        "command", "shopt -q login_shell || echo none", "shell", "bash", "login", false, "tty", false)))
                .isEqualTo("none\n");
        DOOR.sh(id, "mkdir -p /workspace/sub");
        assertThat(output(Map.of("command", "pwd; echo $A", "cwd", "sub", "env", Map.of("A", "b c"))))
                .isEqualTo("/workspace/sub\r\nb c\r\n");
        DOOR.post("/v1/sandbox/" + id + "/session", Map.of("id", "s1", "cwd", "/workspace/sub"));
        assertThat(output(Map.of("argv", List.of("pwd"), "session", "s1"))).isEqualTo("/workspace/sub\r\n");
        assertThat(output(Map.of("argv", List.of("printf", "%s", "a  $b;"), "tty", false)))
                .isEqualTo("a  $b;");
        var missing = start(Map.of("argv", List.of("no-such-program"), "tty", false));
        assertThat(missing.get("exit_code").intValue()).isEqualTo(127);
    }

    @Test
    @DisplayName("18.5: output is cut to the tokens that were asked for")
    void outputIsCutToTokens() {
        var answer = start(Map.of("command", "seq 1 1000", "tty", false, "max_output_tokens", 20));
        assertThat(answer.get("output").asText())
                .startsWith("Total output lines: 1000\n\n1\n2\n")
                .endsWith("\n1000\n");
        assertThat(answer.get("output").asText().getBytes(UTF_8).length).isLessThanOrEqualTo(80);
        assertThat(answer.get("original_token_count").intValue()).isEqualTo(974);
    }

    @Test
    @DisplayName("trap 29: a command goes on after the call that gave up waiting for it")
    void aCommandOutlivesTheWait() {
        int process = begin(Map.of("command", "echo up; until [ -e go ]; do sleep 0.1; done; echo late"), "up\r\n");
        DOOR.sh(id, "touch /workspace/go");
        var ended = write(process, Map.of("yield_ms", 20_000));
        assertThat(ended.get("output").asText()).isEqualTo("late\r\n");
        assertThat(ended.get("exit_code").intValue()).isZero();
        assertThat(ended.get("wall_time_seconds").doubleValue()).isLessThan(20.0);
    }

    @Test
    void whatACallerWhoLeftWouldHaveReadIsNotLost() throws IOException {
        String script = "echo kept; until [ -e left ]; do sleep 0.1; done; sleep 1";
        var body = Door.json(Map.of("command", script, "yield_ms", 30_000)).getBytes(UTF_8);
        try (var wire = new Wire()) {
            wire.request("POST", pty, body, "Authorization", "Bearer " + DoorProfile.ADMIN);
            Door.await("the command is started", 20, () -> !ptys().isEmpty());
        }
        int process = ptys().get(0).get("process_id").intValue();
        DOOR.sh(id, "touch /workspace/left");
        Door.await("it has ended", 20, () -> !ptys().get(0).get("running").booleanValue());
        var told = write(process, Map.of());
        assertThat(told.get("output").asText()).isEqualTo("kept\r\n");
        assertThat(told.get("exit_code").intValue()).isZero();
    }

    @Test
    void endingOneLeavesTheOthersAndNothingOfItself() {
        int one = start(Map.of("command", "sleep 4711 & exec sleep 4712", "yield_ms", 250))
                .get("process_id")
                .intValue();
        int two = start(Map.of("command", "exec sleep 4713", "yield_ms", 250, "tty", false))
                .get("process_id")
                .intValue();
        assertThat(DOOR.delete(pty + "/" + one).status()).isEqualTo(204);
        assertUnknown(DOOR.delete(pty + "/" + one));
        String running = DOOR.sh(id, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").out();
        assertThat(running).doesNotContain("4711", "4712").contains("4713");
        assertThat(DOOR.delete(pty + "/" + two).status()).isEqualTo(204);
        assertThat(DOOR.sh(id, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").out()).doesNotContain("sleep 4713");
    }

    @Test
    void whatCannotBeIsRefused() {
        for (Map<String, ?> bad : List.<Map<String, ?>>of(
                Map.of(),
                Map.of("command", ""),
                Map.of("argv", List.of()),
                Map.of("command", "true", "argv", List.of("true")),
                Map.of("argv", List.of("true"), "shell", "bash"),
                Map.of("command", "true", "cols", 0),
                Map.of("command", "true", "rows", 65536),
                Map.of("command", "true", "yield_ms", -1),
                Map.of("command", "true", "max_output_tokens", -1),
                Map.of("command", "true", "tty", "yes"))) {
            var refused = DOOR.post(pty, bad);
            assertThat(refused.status()).as(bad + ": " + refused.text()).isEqualTo(400);
        }
        assertThat(DOOR.post(pty, Map.of("command", "true", "cwd", "/etc")).code())
                .isEqualTo("invalid_request");
        for (String unknown : List.of("999", "100000", "1", "x", "-5", "99999999999999")) {
            assertUnknown(DOOR.post(pty + "/" + unknown, Map.of()));
            assertUnknown(DOOR.delete(pty + "/" + unknown));
        }
        assertThat(ptys()).isEmpty();
    }

    @Test
    void anotherOwnerSeesNothing() {
        int process = start(Map.of("command", "exec sleep 60", "yield_ms", 0))
                .get("process_id")
                .intValue();
        var stranger = Door.owner("pty-stranger");
        List<Door.Answer> answers = new ArrayList<>();
        answers.add(stranger.post(pty, Map.of("command", "true")));
        answers.add(stranger.post(pty + "/" + process, Map.of()));
        answers.add(stranger.delete(pty + "/" + process));
        answers.add(stranger.delete(pty));
        answers.add(stranger.get(pty + "s"));
        answers.add(stranger.post(pty + "/ticket", Map.of()));
        assertThat(answers).allSatisfy(answer -> {
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.code()).isEqualTo("sandbox_not_found");
        });
        for (String target : List.of(pty, pty + "/" + process, pty + "/ticket")) {
            assertThat(new Door("").post(target, Map.of()).status()).isEqualTo(401);
        }
        assertThat(ptys()).hasSize(1);
    }

    @Test
    void aTicketOpensWhatItWasMadeForOnce() {
        var made = DOOR.post(pty + "/ticket", Map.of("session", "main", "origin", "https://console.example"))
                .json();
        String ticket = made.get("ticket").asText();
        assertThat(made.get("protocol").asText()).isEqualTo("sandbridge.ticket." + ticket);
        assertThat(made.get("expires_at").asText()).isNotEmpty();
        assertThat(tickets.redeem(ticket, new Tickets.Right(id, "main", null, null, "https://console.example"))
                        .map(Caller::isAdmin))
                .contains(true);
        assertThat(tickets.redeem(ticket, new Tickets.Right(id, "main", null, null, "https://console.example")))
                .isEmpty();

        String other = DOOR.post(pty + "/ticket", Map.of()).json().get("ticket").asText();
        assertThat(tickets.redeem(other, new Tickets.Right(id, "main", null, null, null)))
                .isEmpty();
        String page = DOOR.post(pty + "/ticket", Map.of(), "Origin", "https://page.example")
                .json()
                .get("ticket")
                .asText();
        assertThat(tickets.redeem(page, new Tickets.Right(id, null, null, null, "https://page.example")))
                .isPresent();
    }

    @Test
    void neitherATicketNorAKeyInTheQueryOpensAnythingButTheSocket() {
        int process = start(Map.of("command", "exec sleep 600", "yield_ms", 0))
                .get("process_id")
                .asInt();
        var nobody = new Door("");
        for (String upgrade : List.of("websocket", "x")) {
            for (String method : List.of("POST", "DELETE", "GET")) {
                if (method.equals("GET") && upgrade.equals("websocket")) {
                    continue;
                }
                String ticket = DOOR.post(pty + "/ticket", Map.of())
                        .json()
                        .get("protocol")
                        .asText();
                String body = method.equals("POST") ? "{\"command\":\"id\"}" : "";
                assertThat(nobody.call(method, pty, body, "Upgrade", upgrade, "Sec-WebSocket-Protocol", ticket)
                                .status())
                        .as("a ticket, %s, %s", method, upgrade)
                        .isEqualTo(401);
                String query = "?authorization=Bearer+" + DoorProfile.ADMIN;
                assertThat(nobody.call(method, pty + query, body, "Upgrade", upgrade)
                                .status())
                        .as("a key in the query, %s, %s", method, upgrade)
                        .isEqualTo(401);
            }
        }
        assertThat(ptys()).extracting(pty -> pty.get("process_id").asInt()).contains(process);
    }

    @Test
    void aTicketEndsWithTheKeyThatAskedForIt() {
        var key = DOOR.post("/v1/keys", Map.of("owner", "ticket-owner")).json();
        var owner = new Door(key.get("key").asText());
        String own = owner.create();
        String target = "/v1/sandbox/" + own + "/pty/ticket";
        String good = owner.post(target, Map.of()).json().get("ticket").asText();
        String late = owner.post(target, Map.of()).json().get("ticket").asText();
        assertThat(tickets.redeem(good, new Tickets.Right(own, null, null, null, null)))
                .isPresent();
        owner.delete("/v1/sandbox/" + own);
        DOOR.delete("/v1/keys/" + key.get("id").asText());
        assertThat(tickets.redeem(late, new Tickets.Right(own, null, null, null, null)))
                .isEmpty();
    }

    private static JsonNode start(Map<String, ?> call) {
        var answer = DOOR.post(pty, call);
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return answer.json();
    }

    /** Starts a command and asks until it has shown just this; its number. */
    private static int begin(Map<String, ?> call, String expected) {
        var soon = new HashMap<String, Object>(call);
        soon.put("yield_ms", 250);
        return awaitOutput(start(soon), expected);
    }

    /** Asks on until a command, which goes on, has shown just this; its number. */
    private static int awaitOutput(JsonNode first, String expected) {
        int process = first.get("process_id").intValue();
        var seen = new StringBuilder(first.get("output").asText());
        while (!seen.toString().equals(expected)) {
            assertThat(expected).startsWith(seen.toString());
            var next = write(process, Map.of());
            assertThat(next.get("exit_code").isNull()).isTrue();
            seen.append(next.get("output").asText());
        }
        return process;
    }

    private static JsonNode write(int process, Map<String, ?> call) {
        var answer = DOOR.post(pty + "/" + process, call);
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return answer.json();
    }

    private static String output(Map<String, ?> call) {
        return start(call).get("output").asText();
    }

    private static JsonNode ptys() {
        return DOOR.get(pty + "s").json().get("ptys");
    }

    private static void assertUnknown(Door.Answer answer) {
        assertThat(answer.status()).as(answer.text()).isEqualTo(404);
        assertThat(answer.code()).isEqualTo("process_not_found");
    }
}
