package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.process.OutputRing;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxTerminals;
import dev.sandbridge.pty.NamedTerminal;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.ByteArrayOutputStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Terminals with names outlive the service that started them; another provider object plays the next service. */
class LastingTerminalTest extends TerminalVendorSuite {
    private static final String NAME = "work";
    private static final String SHELL = "stty -echo; PS1=; export PS1; exec sh";

    private BlaxelProvider next;
    private SandboxHandle there;
    private final List<Terminal> attached = new ArrayList<>();

    @BeforeEach
    void openNext() {
        next = BlaxelTestBed.open(vendor);
        there = next.find(sandbox.spec().name()).orElseThrow();
    }

    @AfterEach
    void closeNext() {
        attached.forEach(Terminal::leave);
        attached.forEach(Terminal::close);
        next.close();
    }

    private Terminal attach(SandboxHandle at, boolean seen, String script) {
        var terminal = at.terminals().orElseThrow().attach(NAME, seen, script(script), new TerminalSize(101, 33));
        attached.add(terminal);
        return terminal;
    }

    private static Terminal.Past past(Terminal terminal) {
        return terminal.past().orElseThrow();
    }

    private long records() throws Exception {
        return output(sandbox, "ls /tmp/.sandbridge/terminals 2> /dev/null || true")
                .lines()
                .count();
    }

    @Test
    void theNextServiceComesToTheSameShellWithItsStateAndItsTrueExitCode() throws Exception {
        var first = attach(sandbox, false, SHELL);
        type(first, "cd /tmp; WORD=kept; echo at$((1))\n");
        String before = upTo(first, "at1\r\n");
        first.leave();
        first.close();

        var second = attach(there, true, "echo wrong");

        assertThat(past(second))
                .isEqualTo(
                        new Terminal.Past(past(first).startedAt(), past(first).offset(), before.length()));
        assertThat(new String(second.output().readNBytes(before.length()), UTF_8))
                .isEqualTo(before);
        type(second, "echo $WORD in $PWD; stty size; exit 7\n");
        assertThat(rest(second)).endsWith("kept in /tmp\r\n33 101\r\n");
        assertThat(exit(second)).isEqualTo(ExitStatus.exited(7));
        assertThat(terminals.attachments().stream()
                        .map(query -> query.get("sessionId"))
                        .distinct())
                .hasSize(1);
        assertThat(records()).isZero();
        eventually("Blaxel's session has ended", () -> terminals.sessions().isEmpty());
    }

    @Test
    void anEndThatNoServiceSawIsTold() throws Exception {
        var first = attach(sandbox, false, "echo ready; until [ -e go ]; do sleep 0.02; done; echo last; exit 5");
        upTo(first, "ready\r\n");
        first.leave();
        first.close();
        output(sandbox, "touch go");
        var session = terminals.sessions().values().iterator().next();
        eventually("it has ended", () -> new String(session.shown(), UTF_8).matches("(?s).*last\r\n.*e5;.*"));

        var second = attach(there, true, "echo wrong");

        assertThat(rest(second)).isEqualTo("ready\r\nlast\r\n");
        assertThat(exit(second)).isEqualTo(ExitStatus.exited(5));
        var third = attach(there, true, "echo fresh; exit 0");
        assertThat(past(third).offset())
                .as("none of an offset that viewers may have of the one before")
                .isGreaterThan(past(second).offset() + "ready\r\nlast\r\n".length());
        assertThat(rest(third)).isEqualTo("fresh\r\n");
    }

    @Test
    void anEndThatNobodyCanTellIsAFailureForWhoComesBackAndANewShellForOthers() throws Exception {
        terminals.idle(300);
        for (boolean seen : List.of(true, false)) {
            var first = attach(sandbox, false, "echo ready; kill -9 $PPID; sleep 300");
            drain(first);
            assertEndIsUnknown(first);
            var lost = attach(sandbox, false, "echo ready; sleep 300");
            upTo(lost, "ready\r\n");
            lost.leave();
            lost.close();
            eventually("Blaxel has removed it", () -> terminals.sessions().isEmpty());

            if (seen) {
                assertThat(failure(() -> attach(there, true, "echo fresh")).code())
                        .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);
            }
            assertThat(rest(attach(there, false, "echo fresh"))).isEqualTo("fresh\r\n");
        }
    }

    @Test
    void twoServicesThatAskAtOnceGetOneShell() throws Exception {
        var both = List.of(sandbox, there).stream()
                .map(at -> CompletableFuture.supplyAsync(() -> attach(at, false, "echo x >> started; exec cat")))
                .toList();
        var one = both.get(0).get(30, TimeUnit.SECONDS);
        var other = both.get(1).get(30, TimeUnit.SECONDS);

        type(one, "from one\n");
        upTo(other, "from one\r\nfrom one\r\n");
        type(other, "from other\n\u0004");

        assertThat(rest(one)).endsWith("from other\r\nfrom other\r\n");
        assertThat(rest(other)).isEqualTo("from other\r\nfrom other\r\n");
        assertThat(exit(one)).isEqualTo(ExitStatus.exited(0));
        assertThat(exit(other)).isEqualTo(ExitStatus.exited(0));
        assertThat(output(sandbox, "cat started")).isEqualTo("x\n");
    }

    @Test
    void whoLeavesDoesNotEndItForTheOther() throws Exception {
        var one = attach(sandbox, false, "echo ready; exec cat");
        upTo(one, "ready\r\n");
        var other = attach(there, true, "echo wrong");
        upTo(other, "ready\r\n");

        one.leave();
        one.close();

        type(other, "still\n");
        upTo(other, "still\r\nstill\r\n");
    }

    @Test
    void offsetsHoldThoughBlaxelHasForgottenTheBeginning() throws Exception {
        terminals.patient(true);
        var first = attach(sandbox, false, "stty raw -echo; seq 1 40000; echo half; read x; seq 40001 41000; exec cat");
        String all = upTo(first, "half\n");
        first.leave();
        first.close();

        var second = attach(there, true, "echo wrong");

        var past = past(second);
        assertThat(past.offset() + past.length()).isEqualTo(past(first).offset() + all.length());
        assertThat(new String(second.output().readNBytes(past.length()), UTF_8))
                .isEqualTo(all.substring((int) (past.offset() - past(first).offset())));
        type(second, "\n");
        assertThat(upTo(second, "41000\n")).startsWith("40001\n");
    }

    @Test
    void aServiceThatIsKilledHasNotedWhereItWas() throws Exception {
        terminals.patient(true);
        var first = attach(sandbox, false, "stty raw -echo; seq 1 40000; echo half; exec cat");
        String all = upTo(first, "half\n");
        String mark = "cat /tmp/.sandbridge/terminals/*/mark 2> /dev/null || true";
        eventually(
                "it is noted",
                () -> TerminalMark.parse(output(sandbox, mark).strip()).total()
                        > past(first).offset() + all.length() - 40_000);

        var second = attach(there, true, "echo wrong");

        var past = past(second);
        assertThat(past.offset() + past.length()).isEqualTo(past(first).offset() + all.length());
    }

    @Test
    void whereNobodyKnowsTheOffsetAViewerIsToldOfAGapAndNoOffsetFromBeforeMeansSomethingElse() throws Exception {
        var first = attach(sandbox, false, "stty raw -echo; echo ready; read x; seq 1 60000; exec cat");
        long seen = past(first).offset() + upTo(first, "ready\n").length();
        first.leave();
        first.close();
        var socket = new TerminalSocket(new Shown());
        plane().terminal(terminals.sessions().keySet().iterator().next(), "/bin/sh", TerminalSize.DEFAULT, socket);
        socket.send(Json.object().put("type", "input").put("data", "\n"));
        var session = terminals.sessions().values().iterator().next();
        eventually("all was shown", () -> new String(session.shown(), UTF_8).endsWith("\n60000\n"));
        socket.abort();

        var named = named(attach(there, true, "echo wrong"));
        try (var viewer = named.attach(seen)) {
            assertThat(viewer.asked()).isEqualTo(seen);
            assertThat(viewer.start()).isGreaterThan(seen + (1L << 39));
            assertThat(replay(viewer)).endsWith("59999\n60000\n");
            long place = viewer.live();
            var again = named(attach(sandbox, true, "echo wrong"));
            try (var same = again.attach(place)) {
                assertThat(same.start()).isEqualTo(place);
            }
        }
    }

    private static NamedTerminal named(Terminal terminal) {
        long first = past(terminal).offset();
        var ring = new OutputRing(1 << 18, new MemoryBudget(1 << 30), first);
        return new NamedTerminal(terminal, ring, Clock.systemUTC());
    }

    private static String replay(NamedTerminal.Viewer viewer) throws Exception {
        var all = new ByteArrayOutputStream();
        for (OutputPart part = viewer.replay(9000); part.bytes().length > 0; part = viewer.replay(9000)) {
            all.writeBytes(part.bytes());
            viewer.passed(part.next());
        }
        return all.toString(UTF_8);
    }

    @Test
    void aLostWayToItDoesNotEndItsShell() throws Exception {
        var first =
                attach(sandbox, false, "echo ready; trap 'echo hung up' HUP; while :; do read x; echo got $x; done");
        upTo(first, "ready\r\n");
        cutOff();
        drain(first);
        assertEndIsUnknown(first);
        first.close();
        vendor.clearFaults();

        var second = attach(sandbox, true, "echo wrong");

        upTo(second, "ready\r\n");
        type(second, "it\n");
        assertThat(upTo(second, "got it\r\n")).doesNotContain("hung up");
    }

    @Test
    void aFreshShellOfTheSameSessionIsNotTakenForIt() throws Exception {
        var first = attach(sandbox, false, "echo ready; sleep 31415");
        upTo(first, "ready\r\n");
        first.leave();
        first.close();
        terminals.forget();

        assertThat(failure(() -> attach(there, true, "echo wrong")).code()).isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);

        assertThat(rest(attach(there, true, "echo fresh"))).isEqualTo("fresh\r\n");
        eventually("neither is left", () -> terminals.sessions().isEmpty());
        eventually("nor what ran there", () -> output(sandbox, "pgrep -f '[s]leep 31415' || true")
                .isEmpty());
    }

    @Test
    void closingEndsItAndItsRecord() throws Exception {
        var first = attach(sandbox, false, "echo ready; sleep 300");
        upTo(first, "ready\r\n");

        first.close();

        eventually("Blaxel's session has ended", () -> terminals.sessions().isEmpty());
        eventually("its record is gone", () -> records() == 0);
    }

    @Test
    void aStartThatFailsLeavesNoRecord() throws Exception {
        terminals.lack("/bin/sh");
        assertThat(failure(() -> attach(sandbox, false, "echo never")).code())
                .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);
        terminals.lack("");

        assertThat(records()).isZero();
        assertThat(rest(attach(there, false, "echo works"))).isEqualTo("works\r\n");
    }

    @Test
    void onlySoManyLiveInASandboxWhoeverStartedThem() throws Exception {
        var living = attach(sandbox, false, "echo ready; exec cat");
        upTo(living, "ready\r\n");
        String all = "cd /tmp/.sandbridge/terminals && set -- * && for i in $(seq 2 " + SandboxTerminals.MOST_NAMED
                + "); do cp -r \"$1\" copy$i; done";
        output(sandbox, all);
        var at = there.terminals().orElseThrow();

        assertThat(failure(() -> at.attach("more", false, script("echo no"), TerminalSize.DEFAULT))
                        .code())
                .isEqualTo(ErrorCode.CAPACITY_EXCEEDED);
        type(living, "\u0004");
        assertThat(exit(living)).isEqualTo(ExitStatus.exited(0));
        eventually("its shell is gone", () -> terminals.sessions().isEmpty());
        var more = at.attach("more", false, script("echo yes"), TerminalSize.DEFAULT);
        attached.add(more);
        assertThat(rest(more)).isEqualTo("yes\r\n");
    }

    @Test
    void theRecordIsForItsUserOnlyAndWhatStandsThereInsteadIsReplaced() throws Exception {
        var first = attach(sandbox, false, "echo ready; exec cat");
        upTo(first, "ready\r\n");
        assertThat(output(sandbox, "cd /tmp/.sandbridge/terminals && stat -c %a * */record */pids"))
                .isEqualTo("700\n600\n600\n");
        first.leave();
        first.close();
        output(sandbox, "cd /tmp/.sandbridge/terminals/* && echo '../../x $(id) 1 2 3' > record");

        var fresh = attach(there, true, "echo fresh");

        assertThat(rest(fresh)).isEqualTo("fresh\r\n");
    }

    @Test
    void whatHasNoNameEndsWithItsService() throws Exception {
        var own = open("echo ready; exec cat");
        upTo(own, "ready\r\n");
        assertThat(own.past()).isEmpty();

        own.leave();

        assertThat(exit(own)).isEqualTo(ExitStatus.killed(9));
    }

    @Test
    void itGoesWithItsSandbox() throws Exception {
        var first = attach(sandbox, false, "echo ready; exec cat");
        upTo(first, "ready\r\n");
        first.leave();
        first.close();
        provider.delete(sandbox.spec().name());
        var again = provider.create(sandbox.spec());

        var fresh = attach(again, false, "echo fresh");

        assertThat(rest(fresh)).isEqualTo("fresh\r\n");
        assertThat(past(fresh).offset()).isGreaterThan(past(first).offset());
    }
}
