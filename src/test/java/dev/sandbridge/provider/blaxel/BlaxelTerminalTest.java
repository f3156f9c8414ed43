package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.TerminalPump;
import dev.sandbridge.pty.TerminalSize;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Blaxel's terminals do otherwise than others. */
class BlaxelTerminalTest extends TerminalVendorSuite {
    @Test
    @DisplayName("vendor statement 101: what is typed comes back, in the size that was asked for")
    void whatIsTypedComesBack() throws Exception {
        var terminal = open("stty size; cat", new TerminalSize(101, 33));
        upTo(terminal, "33 101\r\n");

        type(terminal, "hi\r");

        assertThat(upTo(terminal, "hi\r\nhi\r\n")).isEqualTo("hi\r\nhi\r\n");
        assertThat(terminals.attachments().getFirst())
                .containsEntry("cols", "101")
                .containsEntry("rows", "33");
    }

    @Test
    @DisplayName("vendor statement 103: values of the address are encoded and arrive intact")
    void valuesOfTheAddressAreEncoded() throws Exception {
        var plane = plane();
        String odd = "a b/c&d=e+f?g#h%20\"é";
        var socket = new TerminalSocket(new Shown());

        plane.terminal(odd, "/bin/sh", TerminalSize.DEFAULT, socket);
        socket.abort();

        assertThat(terminals.attachments().getLast())
                .containsEntry("sessionId", odd)
                .containsEntry("shell", "/bin/sh")
                .containsEntry("workingDir", "/");
    }

    @Test
    @DisplayName("vendor statement 106: two clients of one session both see it")
    void twoClientsOfOneSessionBothSeeIt() throws Exception {
        var terminal = open("cat");
        String session = terminals.sessions().keySet().iterator().next();
        var other = new Shown();
        plane().terminal(session, "/bin/sh", TerminalSize.DEFAULT, new TerminalSocket(other));

        type(terminal, "seen\n");

        upTo(terminal, "seen\r\nseen\r\n");
        eventually("the other has seen it", () -> other.text().contains("seen\r\nseen\r\n"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @DisplayName("vendor statement 107: a shell's end is noticed in old and new builds, and nobody connects again")
    void aShellsEndIsNoticed(boolean newer) throws Exception {
        terminals.newer(newer);
        var terminal = open("echo done; exit 4");
        assertThat(rest(terminal)).isEqualTo("done\r\n");
        assertThat(exit(terminal)).isEqualTo(ExitStatus.exited(4));
        eventually("Blaxel's session has ended", () -> terminals.sessions().isEmpty());
        assertThat(connections()).isEqualTo(1);

        var killed = open("echo ready; kill -9 $PPID; sleep 300");
        drain(killed);
        assertEndIsUnknown(killed);
        assertThat(terminals.sessions()).isEmpty();
        assertThat(connections()).isEqualTo(2);
        killed.kill();
    }

    @Test
    @DisplayName("vendor statement 109: a shell that does not exist is a failure and no endless connecting")
    void aBadShellIsAFailure() {
        terminals.lack("/bin/sh");

        assertThat(failure(() -> open("echo never")).code()).isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);
        assertThat(connections()).isEqualTo(1);
    }

    @Test
    @DisplayName("vendor statement 113: each terminal has a session of its own that nobody can guess")
    void eachTerminalHasASessionOfItsOwn() {
        open("sleep 300");
        open("sleep 300");

        assertThat(terminals.attachments())
                .extracting(query -> query.get("sessionId"))
                .doesNotHaveDuplicates()
                .allMatch(id -> id.matches("sb-[a-z2-7]{24}"));
    }

    @Test
    @DisplayName("vendor statement 115: messages that nobody knows are ignored")
    void unknownMessagesAreIgnored() throws Exception {
        var terminal = open("echo ready; cat");
        upTo(terminal, "ready\r\n");

        terminals.say("{\"type\":\"future\",\"data\":\"boo\"}");
        terminals.say("[1]");
        terminals.say("not json");
        terminals.say("{\"type\":7,\"data\":{}}");
        type(terminal, "still here\n");

        assertThat(upTo(terminal, "here\r\nstill here\r\n")).doesNotContain("boo");
    }

    @Test
    @DisplayName("vendor statement 116: the key travels in headers, and no address holds it")
    void theKeyTravelsInHeaders() {
        open("sleep 300");

        assertThat(vendor.requests())
                .filteredOn(line -> line.contains(CONNECTION))
                .hasSize(1)
                .allSatisfy(line -> assertThat(line).doesNotContain("token", StandIn.KEY));
    }

    @Test
    void aRefusedConnectionIsTold() {
        vendor.fault(
                request("GET", CONNECTION),
                1,
                exchange -> exchange.json(401, StandIn.gatewayError("AUTHENTICATION_FAILED", 401, true)));
        assertThat(failure(() -> open("true")).code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);

        vendor.fault(
                request("GET", CONNECTION),
                1,
                exchange -> exchange.bytes(404, "text/plain", SmallServer.utf8("404 page not found")));
        assertThat(failure(() -> open("true")).code()).isEqualTo(ErrorCode.CAPABILITY_UNAVAILABLE);

        vendor.fault(
                request("GET", CONNECTION),
                1,
                exchange -> exchange.bytes(404, "text/plain", SmallServer.utf8("Not Found")));
        assertThat(failure(() -> open("true")).code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(terminals.sessions()).isEmpty();
    }

    @Test
    void whatOneTypesDoesNotDependOnWhatAnotherHasBegun() throws Exception {
        var terminal = open("stty -echo; echo ready; cat");
        upTo(terminal, "ready\r\n");
        byte[] letter = "é".getBytes(UTF_8);
        var one = terminal.input();
        var other = terminal.input();

        one.write(letter[0]);
        other.write("other\n".getBytes(UTF_8));
        one.write(letter[1]);
        one.write('\n');

        assertThat(upTo(terminal, "other\r\n")).isEqualTo("other\r\n");
        byte[] shown = terminal.output().readNBytes(4);
        assertThat(new String(shown, UTF_8)).isEqualTo("é\r\n");
    }

    @Test
    void longTextIsTypedExactly() throws Exception {
        var terminal = open("stty raw -echo; echo ready; head -c 300000 > typed; echo got; exit 0");
        upTo(terminal, "ready\n");
        var text = new StringBuilder();
        while (text.length() < 300_000 - 20) {
            text.append(text.length()).append(" üé😀\r\n\u0003\u0004");
        }
        byte[] bytes = new byte[300_000];
        java.util.Arrays.fill(bytes, (byte) '.');
        byte[] typed = text.substring(0, 150_000).getBytes(UTF_8);
        System.arraycopy(typed, 0, bytes, 0, typed.length);

        terminal.input().write(bytes);

        upTo(terminal, "got");
        try (var file = sandbox.files().read(dev.sandbridge.workspace.WorkspacePath.of("typed"), 0, -1)) {
            assertThat(file.content().readAllBytes()).isEqualTo(bytes);
        }
    }

    @Test
    @DisplayName("vendor statement 108: all output comes before the exit code, also what waited for a slow receiver")
    void whatASlowReceiverHasNotTakenAtTheEndIsStillPassedOn() throws Exception {
        terminals.patient(true);
        var terminal = open("stty raw -echo; seq 100000 227999; exit 7");
        var all = new StringBuilder();
        for (int i = 100_000; i < 228_000; i++) {
            all.append(i).append('\n');
        }
        eventually("it has come", () -> terminal.output().available() == all.length());
        assertThat(exit(terminal)).isEqualTo(ExitStatus.exited(7));
        var shown = new ByteArrayOutputStream();

        var status = new TerminalPump(terminal, 65_536, bytes -> {
                    // As slow as a network, so that the pump is still at work when it looks whether it may end.
                    LockSupport.parkNanos(50_000_000);
                    shown.writeBytes(bytes);
                })
                .run();

        assertThat(status).isEqualTo(ExitStatus.exited(7));
        assertThat(shown.size()).isEqualTo(all.length());
        assertThat(shown.toString(UTF_8).contentEquals(all)).isTrue();
    }
}
