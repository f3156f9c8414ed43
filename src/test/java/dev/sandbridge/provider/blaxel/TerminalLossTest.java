package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Connections to terminals that are lost, and what is lost with them. */
class TerminalLossTest extends TerminalVendorSuite {
    @Test
    @DisplayName("vendor statement 102: a new size reaches the programs, also one from while the connection was lost")
    void aNewSizeReachesThePrograms() throws Exception {
        var terminal = open("trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done");
        upTo(terminal, "ready\r\n");
        terminal.resize(new TerminalSize(90, 30));
        upTo(terminal, "30 90\r\n");
        cutOff();
        eventually(
                "it is cut off",
                () -> terminals.sessions().values().iterator().next().isUnwatched());

        terminal.resize(new TerminalSize(70, 20));
        vendor.clearFaults();

        upTo(terminal, "20 70\r\n");
    }

    @Test
    @DisplayName("vendor statement 104: a replay of 600 KB in several frames is taken, and what it holds is shown once")
    void aLargeReplayIsTaken() throws Exception {
        var terminal = open("stty raw -echo; echo ready; until [ -e go ]; do sleep 0.02; done;"
                + " head -c 80000 /dev/zero | tr '\\0' '\\001'; printf end; exit 7");
        upTo(terminal, "ready\n");
        cutOff();
        output(sandbox, "touch go");
        var session = terminals.sessions().values().iterator().next();
        eventually("all was shown", () -> new String(session.shown(), UTF_8).contains("\u0001end"));
        vendor.clearFaults();

        assertThat(rest(terminal)).isEqualTo("\u0001".repeat(80_000) + "end");
        assertThat(exit(terminal)).isEqualTo(ExitStatus.exited(7));
    }

    @Test
    @DisplayName("vendor statements 105 and 108: lost connections are made again, and nothing is shown or done twice")
    void lostConnectionsAreMadeAgain() throws Exception {
        var terminal = open("echo x >> started; i=0; while [ $i -lt 300 ]; do"
                + " i=$((i + 1)); echo line $i; sleep 0.01; done; exit 9");
        var shown = new CompletableFuture<String>();
        Thread.ofVirtual().start(() -> {
            try {
                shown.complete(rest(terminal));
            } catch (Throwable failed) {
                shown.completeExceptionally(failed);
            }
        });
        for (int cut = 1; cut <= 4; cut++) {
            long before = connections();
            terminals.cut();
            eventually(
                    "it is back",
                    () -> connections() > before || terminal.exit().isDone());
            LockSupport.parkNanos(50_000_000);
        }

        var expected = new StringBuilder();
        for (int i = 1; i <= 300; i++) {
            expected.append("line ").append(i).append("\r\n");
        }
        assertThat(shown.get(40, TimeUnit.SECONDS)).isEqualTo(expected.toString());
        assertThat(exit(terminal)).isEqualTo(ExitStatus.exited(9));
        assertThat(connections()).isGreaterThan(2);
        assertThat(terminals.attachments().stream()
                        .map(query -> query.get("sessionId"))
                        .distinct())
                .hasSize(1);
        assertThat(output(sandbox, "cat started")).isEqualTo("x\n");
    }

    @Test
    @DisplayName("vendor statement 105: an exit code that was told while the connection was lost is heard all the same")
    void anExitCodeIsHeardLate() throws Exception {
        var terminal = open("echo ready; until [ -e go ]; do sleep 0.02; done; echo last; exit 5");
        upTo(terminal, "ready\r\n");
        cutOff();
        output(sandbox, "touch go");
        var session = terminals.sessions().values().iterator().next();
        eventually("it has ended", () -> new String(session.shown(), UTF_8).matches("(?s).*last\r\n.*e5;.*"));
        vendor.clearFaults();

        assertThat(rest(terminal)).isEqualTo("last\r\n");
        assertThat(exit(terminal)).isEqualTo(ExitStatus.exited(5));
        eventually("Blaxel's session has ended", () -> terminals.sessions().isEmpty());
    }

    @Test
    void whatIsMissingAfterALostConnectionIsTold() throws Exception {
        var terminal = open("stty raw -echo; echo ready; until [ -e go ]; do sleep 0.02; done; seq 1 60000; exit 3");
        upTo(terminal, "ready\n");
        cutOff();
        output(sandbox, "touch go");
        var session = terminals.sessions().values().iterator().next();
        eventually("all was shown", () -> new String(session.shown(), UTF_8).contains("\n60000\n"));
        vendor.clearFaults();

        String rest = rest(terminal);
        assertThat(rest).startsWith("\r\n[sandbridge: output is missing here]\r\n");
        assertThat(rest).endsWith("59999\n60000\n");
        assertThat(exit(terminal)).isEqualTo(ExitStatus.exited(3));
    }

    @Test
    @DisplayName("vendor statement 110: the client pings, and a connection that gives no answer is made anew")
    void theClientPings() throws Exception {
        var terminal = open("echo ready; cat");
        upTo(terminal, "ready\r\n");
        int before = terminals.pings();
        eventually("pings", () -> terminals.pings() > before + 2);
        assertThat(connections()).isEqualTo(1);

        terminals.stall(true);
        eventually("a new connection", () -> connections() > 1);
        terminals.stall(false);

        type(terminal, "back\n");
        upTo(terminal, "back\r\nback\r\n");
    }

    @Test
    @DisplayName("vendor statement 111: what Blaxel drops for a slow connection is told, and the exit code is known")
    void whatBlaxelDropsIsTold() throws Exception {
        var terminal = open("stty raw -echo; echo ready; until [ -e go ]; do sleep 0.02; done; seq 1 300000; exit 6");
        upTo(terminal, "ready\n");
        terminals.silence(true);
        output(sandbox, "touch go");
        var session = terminals.sessions().values().iterator().next();
        eventually("all was shown", () -> new String(session.shown(), UTF_8).contains("\n300000\n"));
        terminals.silence(false);

        String rest = rest(terminal);
        assertThat(rest).startsWith("1\n2\n3\n").contains("[sandbridge: ").endsWith("\n299999\n300000\n");
        assertThat(exit(terminal)).isEqualTo(ExitStatus.exited(6));
    }

    @Test
    @DisplayName("vendor statement 111: so is the loss of short pieces, which are dropped like long ones")
    void droppedShortPiecesAreTold() throws Exception {
        var terminal = open("stty raw -echo; echo ready; until [ -e go ]; do sleep 0.02; done; i=0; "
                + "while [ $i -lt 200 ]; do i=$((i + 1)); echo $i; sleep 0.005; done; exit 6");
        upTo(terminal, "ready\n");
        terminals.silence(true);
        output(sandbox, "touch go");
        var session = terminals.sessions().values().iterator().next();
        eventually("all was shown", () -> new String(session.shown(), UTF_8).contains("\n200\n"));
        eventually("its end, too", () -> !new String(session.shown(), UTF_8).endsWith("\n200\n"));
        terminals.silence(false);

        assertThat(rest(terminal)).startsWith("1\n2\n3\n").endsWith("\n199\n200\n");
        assertThat(exit(terminal)).isEqualTo(ExitStatus.exited(6));
    }

    @Test
    @DisplayName("vendor statement 114: a terminal that Blaxel has removed is lost, and no other shell is taken for it")
    void aRemovedTerminalIsLost() throws Exception {
        var terminal = open("echo ready; sleep 300");
        upTo(terminal, "ready\r\n");
        terminals.idle(300);
        cutOff();
        eventually("Blaxel has removed it", () -> terminals.sessions().isEmpty());
        vendor.clearFaults();

        drain(terminal);
        assertEndIsUnknown(terminal);
        assertThat(connections()).isEqualTo(1);
    }

    @Test
    @DisplayName("vendor statement 114: a fresh shell under the same id is noticed, ended and never shown")
    void aFreshShellIsNoticed() throws Exception {
        var terminal = open("echo ready; sleep 300");
        upTo(terminal, "ready\r\n");
        terminals.forget();
        terminals.cut();

        assertThat(catchThrowable(() -> rest(terminal))).isInstanceOf(IOException.class);
        assertEndIsUnknown(terminal);
        eventually("the fresh shell is gone", () -> terminals.sessions().isEmpty());
    }

    @Test
    void aConnectionThatComesLateOrAfterFailuresIsTaken() throws Exception {
        vendor.fault(request("GET", CONNECTION), 1, exchange -> exchange.html(502));
        vendor.fault(request("GET", CONNECTION), 1, Exchange::reset);
        vendor.fault(
                request("GET", CONNECTION),
                1,
                exchange -> exchange.json(404, StandIn.gatewayError("WORKLOAD_UNAVAILABLE", 404, true)));
        vendor.fault(request("GET", CONNECTION), 1, exchange -> LockSupport.parkNanos(700_000_000));

        var terminal = open("echo works");

        assertThat(rest(terminal)).isEqualTo("works\r\n");
        assertThat(exit(terminal)).isEqualTo(ExitStatus.exited(0));
        assertThat(connections()).isEqualTo(1);
    }

    @Test
    void aConnectionThatStaysLostIsNoSuccess() throws Exception {
        var terminal = open("echo ready; until [ -e go ]; do sleep 0.02; done; exit 0");
        upTo(terminal, "ready\r\n");
        cutOff();

        assertThat(catchThrowable(() -> rest(terminal))).isInstanceOf(IOException.class);
        assertEndIsUnknown(terminal);
        assertThat(catchThrowable(() -> type(terminal, "x"))).isInstanceOf(IOException.class);
        vendor.clearFaults();
        eventually("its shell is ended", () -> terminals.sessions().isEmpty());
    }
}
