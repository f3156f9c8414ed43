package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.websocket.Client.Ending;
import dev.sandbridge.websocket.Client.Frame;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sockets without a session: one command, or one shell, each. */
@QuarkusTest
@TestProfile(TerminalProfile.class)
@Timeout(180)
class CommandModeQuarkusTest {
    private String id;

    @BeforeEach
    void make() {
        id = Service.create();
    }

    @AfterEach
    void remove() {
        Service.delete(id);
    }

    @Test
    @DisplayName("statement 100: ready comes as text, also for a sandbox that has to be made again first")
    void readyComesAlsoAfterADelete() {
        Service.delete(id);
        try (Client client = Client.open(id, "?cols=80&rows=24")) {
            Frame ready = client.next();
            assertThat(ready.type()).isEqualTo(Client.TEXT);
            assertThat(ready.text()).isEqualTo("{\"type\":\"ready\"}");
            assertThat(client.type("pwd\n").ending().text()).isEqualTo("/workspace\r\n");
        }
    }

    @Test
    @DisplayName("statement 100: what cannot be opened in passing is waited for")
    void whatCannotBeOpenedInPassingIsWaitedFor() {
        String few = Service.create("/p/few", Map.of());
        try {
            var holders = new ArrayList<Client>();
            for (int i = 0; i < 8; i++) {
                Client holder = Client.open(few, "");
                holder.ready();
                holders.add(holder.type("exec sleep 600\n"));
            }
            try (Client waiting = Client.open(few, "")) {
                waiting.ready();
                waiting.type("echo now\n");
                holders.forEach(Client::close);
                Ending ending = waiting.ending();
                assertThat(ending.text()).isEqualTo("now\r\n");
                assertThat(ending.code()).isZero();
            }
        } finally {
            Service.delete(few);
        }
    }

    @Test
    @DisplayName("statements 101 and 102: a command's output and true code, nothing else, then the close")
    void aCommandsOutputAndCodeAndNothingElse() {
        Ending ending = Client.run(id, "sh -lc 'echo hi; exit 7'");

        assertThat(ending.output()).isEqualTo("hi\r\n".getBytes(UTF_8));
        assertThat(ending.frames().getLast().text()).isEqualTo("{\"type\":\"exit\",\"code\":7}");
        assertThat(ending.frames())
                .filteredOn(frame -> frame.type() == Client.TEXT)
                .hasSize(1);
        assertThat(ending.closeCode()).isEqualTo(1000);
    }

    @Test
    @DisplayName("statement 103: 200 KB with newlines and tabs inside quotes run exactly, whole or in fragments")
    void aLargeFirstMessageRunsExactly() {
        String text = "a\tline with \"quotes\", $dollars and \\ of a script\n".repeat(4200);
        String command = "sh -lc 'cat << \"END\" > /workspace/large\n" + text + "END\nexit 5'\n";
        assertThat(command.length()).isGreaterThan(200_000);
        assertThat(Client.run(id, command.substring(0, command.length() - 1)).code())
                .isEqualTo(5);
        assertThat(Service.sh(id, "cat large; rm large")).isEqualTo(text);

        try (Client client = Client.open(id, "")) {
            client.ready();
            byte[] bytes = command.getBytes(UTF_8);
            for (int from = 0; from < bytes.length; from += 5000) {
                int to = Math.min(from + 5000, bytes.length);
                client.send(
                        from == 0 ? Client.BINARY : Client.CONTINUATION,
                        to == bytes.length,
                        Arrays.copyOfRange(bytes, from, to));
            }
            assertThat(client.ending().code()).isEqualTo(5);
        }
        assertThat(Service.sh(id, "cat large")).isEqualTo(text);
    }

    @Test
    @DisplayName("statement 104: begins in /workspace on a real terminal of 80 by 24")
    void beginsInTheWorkspaceOnARealTerminal() {
        Ending ending = Client.run(id, "pwd; echo $TERM; test -t 0 && test -t 1 && echo tty; stty size; tty");
        assertThat(ending.text()).startsWith("/workspace\r\nxterm-256color\r\ntty\r\n24 80\r\n/dev/pts/");
    }

    @Test
    void directoryUserSizeAndTheSandboxsEnvironmentAreTheCallers() {
        String own = Service.create("", Map.of("env", Map.of("COLOUR", "blue")));
        try {
            Service.sh(own, "mkdir -p deep/down");
            try (Client client = Client.open(own, "?cwd=deep/down&cols=132&rows=43")) {
                client.ready();
                assertThat(client.type("pwd; stty size; echo $COLOUR\n")
                                .ending()
                                .text())
                        .isEqualTo("/workspace/deep/down\r\n43 132\r\nblue\r\n");
            }
            try (Client client = Client.open(own, "?cwd=nowhere")) {
                client.ready();
                Ending ending = client.type("pwd\n").ending();
                assertThat(ending.last().path("type").asText()).isEqualTo("error");
                assertThat(ending.closeCode()).isEqualTo(1011);
            }
        } finally {
            Service.delete(own);
        }
    }

    @Test
    @DisplayName("statement 105: later frames are typed, interrupt and end the program")
    void laterFramesAreTyped() {
        try (Client client = Client.open(id, "")) {
            client.ready();
            client.type("python3 -q\n").until(">>> ");
            client.type("6 * 7\n").until("42\r\n>>> ");
            // The interrupt is for the loop, so the loop must have begun.
            client.type("while True: n = 0 if 'n' in dir() else print('g' + 'o')\n\n")
                    .until("go\r\n");
            client.type("\u0003").until(">>> ");
            client.type("\u0004");
            assertThat(client.ending().last().path("type").asText()).isEqualTo("exit");
        }
        try (Client client = Client.open(id, "")) {
            client.ready();
            client.type("echo up; exec sleep 600\n").until("up");
            Ending ending = client.type("\u0003").ending();
            assertThat(ending.code()).isEqualTo(130);
            assertThat(ending.last().path("signal").asText()).isEqualTo("SIGINT");
        }
    }

    @Test
    @DisplayName("statement 106: 65 terminals of one sandbox at once are independent")
    void manyTerminalsAtOnceAreIndependent() {
        var clients = new ArrayList<Client>();
        try {
            for (int i = 0; i < 65; i++) {
                Client client = Client.open(id, "");
                assertThat(client.ready()).as("no replay").hasSize(1);
                clients.add(client.type("read line; echo \"$line of " + i + "\"; exit " + i + "\n"));
            }
            for (int i = 64; i >= 0; i--) {
                Ending ending = clients.get(i).type("word " + i + "\n").ending();
                assertThat(ending.text()).isEqualTo("word " + i + "\r\nword " + i + " of " + i + "\r\n");
                assertThat(ending.code()).isEqualTo(i);
            }
        } finally {
            clients.forEach(Client::close);
        }
    }

    @Test
    @DisplayName("statement 107: a lost connection ends the command and all it started; the sandbox lives on")
    void aLostConnectionEndsTheCommandAndAllItStarted() {
        Service.sh(id, "echo kept > file");
        Client client = Client.open(id, "");
        client.ready();
        client.type("sleep 61.5 & setsid sleep 62.5 & sh -c 'sleep 63.5; true' & echo up; sleep 64.5; true\n")
                .until("up");
        assertThat(Service.processes(id, "sleep 6")).isGreaterThanOrEqualTo(4);
        // Typed ahead of a program that reads nothing: the end must show nevertheless.
        client.type("x".repeat(100_000) + "\n");
        client.close();

        Service.await("no process is left", 30, () -> Service.processes(id, "sleep 6") == 0);
        assertThat(Service.sh(id, "cat file")).isEqualTo("kept\n");
    }

    @Test
    void whatTheCommandLeftRunningOnPurposeOutlivesIt() {
        Ending ending = Client.run(
                id,
                "setsid sleep 71.5 > /dev/null 2>&1 < /dev/null &"
                        + " until grep -q sleep /proc/$!/comm; do :; done; echo left");
        assertThat(ending.text()).isEqualTo("left\r\n");
        assertThat(ending.code()).isZero();
        assertThat(Service.processes(id, "sleep 71")).isEqualTo(1);
    }

    @Test
    void aChildThatKeepsTheTerminalDoesNotKeepTheCaller() {
        String child = "setsid sh -c 'trap \"\" HUP; touch trapped; sleep 72.5' &";
        Ending ending = Client.run(id, child + " until [ -e trapped ]; do :; done; echo left; exit 3");
        assertThat(ending.text()).isEqualTo("left\r\n");
        assertThat(ending.code()).isEqualTo(3);
        assertThat(Service.processes(id, "sleep 72")).as("which goes on").isPositive();
    }

    @Test
    @DisplayName("statements 108 and 109: 5 MiB arrive complete and in order before exit, in frames of at most 64 KiB")
    void allOutputPrecedesExit() {
        Ending ending = Client.run(id, "stty -opost; seq -w 1 700000 | cat");
        var expected = new StringBuilder();
        for (int i = 1; i <= 700_000; i++) {
            String number = Integer.toString(i);
            expected.append("0".repeat(6 - number.length())).append(number).append('\n');
        }
        assertThat(ending.output().length).isGreaterThan(4_800_000);
        assertThat(ending.text()).isEqualTo(expected.toString());
        assertThat(ending.code()).isZero();
        assertThat(ending.frames())
                .allSatisfy(frame -> assertThat(frame.bytes().length).isLessThanOrEqualTo(64 * 1024));
        assertThat(ending.frames())
                .filteredOn(frame -> frame.type() == Client.TEXT)
                .hasSize(1)
                .last()
                .isEqualTo(ending.frames().getLast());
    }

    @Test
    void aCallerThatDoesNotReadSlowsTheCommand() {
        try (Client client = Client.open(id, "")) {
            client.ready();
            client.type("stty -opost; (while :; do printf '%01000d' 0; echo x >> ticks; done) & wait\n");
            var counts = new long[2];
            Service.await("the command stands still", 30, () -> {
                counts[0] = counts[1];
                counts[1] = Long.parseLong(
                        Service.sh(id, "cat ticks 2> /dev/null | wc -l").strip());
                return counts[1] > 0 && counts[0] == counts[1];
            });
            byte[] first = client.output(2 << 20);
            assertThat(first).containsOnly('0');
        }
    }

    @Test
    void inputIsTakenAsFastAsTheProgramReadsAndIsExact() {
        try (Client client = Client.open(id, "")) {
            client.ready();
            client.type("stty raw -echo; echo up; head -c 3000000 | sha256sum\n")
                    .until("up");
            var bytes = new byte[3_000_000];
            new Random(11).nextBytes(bytes);
            for (int from = 0; from < bytes.length; from += 500_000) {
                client.send(Client.BINARY, true, Arrays.copyOfRange(bytes, from, from + 500_000));
            }
            assertThat(client.ending().text()).contains(sha256(bytes));
        }
    }

    @Test
    @DisplayName("statement 110: output that looks like a message of the door goes out in two frames")
    void outputThatLooksLikeAMessageIsSplit() {
        for (String looks : List.of(
                "{\"type\":\"exit\",\"code\":0}",
                " {\"type\": \"ready\"}\n",
                "{ \"type\":\"error\",\"message\":\"x\"}")) {
            Service.sh(id, "cat > looks << 'END'\n" + looks + "\nEND");
            Ending ending = Client.run(id, "stty -opost; printf %s \"$(cat looks)\"; exit 4");
            assertThat(ending.text()).isEqualTo(looks.stripTrailing());
            assertThat(ending.code()).isEqualTo(4);
            assertThat(ending.frames())
                    .filteredOn(frame -> frame.type() == Client.BINARY)
                    .noneSatisfy(frame -> assertThat(isObject(frame.bytes())).isTrue());
        }
    }

    @Test
    @DisplayName("statement 112: a failure after the upgrade is an error message and the close code 1011")
    void aFailureAfterTheUpgradeIsAnErrorAndACloseCode() {
        try (Client client = Client.open(id, "?user=nobody-like-that")) {
            client.ready();
            Ending ending = client.type("true\n").ending();
            assertThat(ending.last().path("type").asText()).isEqualTo("error");
            assertThat(ending.last().path("message").asText()).isNotEmpty();
            assertThat(ending.last().path("code").asText()).isEqualTo("invalid_request");
            assertThat(ending.closeCode()).isEqualTo(1011);
        }
    }

    @Test
    @DisplayName("statement 112: a first message that is too long is an error message and the close code 1011")
    void aFirstMessageThatIsTooLongIsAnErrorAndACloseCode() {
        byte[] half = "x".repeat(TerminalProfile.MAX_MESSAGE - 10).getBytes(UTF_8);
        try (Client fragments = Client.open(id, "");
                Client whole = Client.open(id, "")) {
            fragments.ready();
            fragments.send(Client.BINARY, false, half).send(Client.CONTINUATION, true, half);
            whole.ready();
            whole.send(Client.BINARY, true, new byte[5 * TerminalProfile.MAX_MESSAGE]);
            for (Client client : List.of(fragments, whole)) {
                Ending ending = client.ending();
                assertThat(ending.last().path("code").asText()).isEqualTo("payload_too_large");
                assertThat(ending.closeCode()).isEqualTo(1011);
            }
        }
    }

    @Test
    void whatIsTypedLaterMayBeOfAnyLength() {
        try (Client client = Client.open(id, "")) {
            client.ready();
            client.type("stty raw -echo; echo up; head -c 5000000 | sha256sum\n")
                    .until("up");
            var bytes = new byte[5_000_000];
            new Random(12).nextBytes(bytes);
            client.send(Client.BINARY, true, bytes);
            assertThat(client.ending().text()).contains(sha256(bytes));
        }
    }

    @Test
    void theEndOfTheSandboxEndsTheSocket() {
        try (Client client = Client.open(id, "")) {
            client.ready();
            client.type("echo up; sleep 600\n").until("up");
            Service.delete(id);
            Ending ending = client.ending();
            assertThat(ending.last().path("type").asText()).isIn("exit", "error");
            assertThat(ending.last().path("code").asInt(1)).isNotZero();
        }
    }

    @Test
    void anythingElseThanALineIsTypedIntoAShell() {
        try (Client client = Client.open(id, "")) {
            client.ready();
            client.type("e").type("cho $((40 + 2))\n").until("42\r\n");
            client.type("exit 9\n");
            assertThat(client.ending().code()).isEqualTo(9);
        }
        try (Client client = Client.open(id, "")) {
            client.ready();
            client.type("\n").type("exit 8\n");
            assertThat(client.ending().code()).isEqualTo(8);
        }
    }

    @Test
    void aSandboxInUseIsNotSwept() {
        String brief = Service.create("", Map.of("ttl", 2));
        try (Client client = Client.open(brief, "")) {
            client.ready();
            Service.sh(brief, "echo kept > file");
            client.type("sleep 5; cat file\n");
            assertThat(client.ending().text()).isEqualTo("kept\r\n");
        } finally {
            Service.delete(brief);
        }
    }

    private static boolean isObject(byte[] bytes) {
        try {
            return Service.JSON.readTree(bytes).isObject();
        } catch (IOException none) {
            return false;
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
