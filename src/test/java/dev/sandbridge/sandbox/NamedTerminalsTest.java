package dev.sandbridge.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.pty.NamedTerminal.Viewer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Terminals with names, over real shells. */
class NamedTerminalsTest extends ServiceSuite {
    private static final Duration IDLE = Duration.ofMinutes(10);

    @Test
    void endsTheShellThatNobodyLooksAtAndNoOther() throws Exception {
        SandboxRef ref = ref(make());
        try (var visit = service.terminals().enter(ALICE, ref);
                var watched = visit.attach(named("watched"), null)) {
            Viewer left = visit.attach(named("left"), null);
            type(left, "echo up$((1))\n", "up1");
            left.close();
            clock.advance(IDLE.minusSeconds(1));
            assertThat(service.terminals().endIdle(IDLE)).isZero();
            clock.advance(Duration.ofSeconds(1));
            assertThat(service.terminals().endIdle(IDLE)).isEqualTo(1);

            assertThat(left.exit().get(10, TimeUnit.SECONDS).signal()).isNotNull();
            type(watched, "echo still$((1))\n", "still1");
            try (var again = visit.attach(named("left"), null)) {
                assertThat(again.start()).isGreaterThanOrEqualTo(left.start());
                type(again, "echo new$((1))\n", "new1");
            }
        }
    }

    @Test
    void whoComesBackAfterTheEndGetsTheLastOutputAndTheCodeOnceAndThenANewShell() throws Exception {
        SandboxRef ref = ref(make());
        try (var visit = service.terminals().enter(ALICE, ref)) {
            long left = endUnseen(ref, visit.attach(named("job"), null));
            assertThat(service.terminals().endIdle(IDLE)).as("kept").isZero();
            try (var back = visit.attach(named("job"), left);
                    var other = visit.attach(named("job"), 0L)) {
                assertThat(back.start()).isEqualTo(left);
                assertThat(rest(back)).contains("result1");
                assertThat(back.exit().get(10, TimeUnit.SECONDS)).isEqualTo(ExitStatus.exited(5));
                assertThat(rest(other)).contains("start1").contains("result1");
                back.told();
            }
            try (var again = visit.attach(named("job"), left)) {
                assertThat(again.exit()).isNotDone();
                type(again, "echo new$((1))\n", "new1");
            }
        }
    }

    @Test
    void anEndThatNobodyComesBackForIsForgottenAndInNobodysWay() throws Exception {
        SandboxRef ref = ref(make());
        try (var visit = service.terminals().enter(ALICE, ref)) {
            endUnseen(ref, visit.attach(named("job"), null));
            try (var fresh = visit.attach(named("job"), null)) {
                type(fresh, "echo new$((1))\n", "new1");
                assertThat(fresh.exit())
                        .as("without an offset nobody comes back")
                        .isNotDone();
            }

            long left = endUnseen(ref, visit.attach(named("old"), null));
            try (var beyond = visit.attach(named("old"), left + 1_000_000)) {
                assertThat(beyond.exit()).as("it had no such offset").isNotDone();
            }

            left = endUnseen(ref, visit.attach(named("idle"), null));
            clock.advance(IDLE);
            assertThat(service.terminals().endIdle(IDLE)).as("all three").isEqualTo(3);
            try (var late = visit.attach(named("idle"), left)) {
                assertThat(late.exit()).isNotDone();
            }
        }
    }

    @Test
    void anOffsetOfAnEarlierShellIsNoneOfTheNext() throws Exception {
        SandboxRef ref = ref(make());
        long last;
        long stale;
        try (var visit = service.terminals().enter(ALICE, ref)) {
            last = replaced(visit, 0, "exit\n");
            last = replaced(visit, last, "echo some more output; exit\n");
            assertThat(service.terminals().endIdle(IDLE))
                    .as("its name is forgotten")
                    .isEqualTo(1);
            last = replaced(visit, last, "exit\n");
            stale = last - 1;
            service.delete(ALICE, ref);
        }
        try (var visit = service.terminals().enter(ALICE, ref)) {
            last = replaced(visit, last, "exit\n");
        }
        clock.advance(Duration.ofSeconds(1));
        restart();
        try (var visit = service.terminals().enter(ALICE, ref);
                var viewer = visit.attach(named("s"), null)) {
            assertThat(viewer.start()).as("nobody knows how far it was").isGreaterThan(last + 1_000_000);
            try (var back = visit.attach(named("s"), stale)) {
                assertThat(back.start()).isEqualTo(viewer.start());
                assertThat(back.asked()).isEqualTo(stale);
            }
        }
    }

    /** Lets a shell begin and end, whose output must begin at that offset; where it ends. */
    private static long replaced(TerminalVisit visit, long first, String text) throws Exception {
        try (var viewer = visit.attach(named("s"), null)) {
            assertThat(viewer.start()).isEqualTo(first);
            viewer.write(text.getBytes(UTF_8));
            rest(viewer);
            viewer.told();
            return viewer.start();
        }
    }

    /** Goes away and lets the shell end meanwhile; the offset up to which its output was seen. */
    private long endUnseen(SandboxRef ref, Viewer viewer) throws Exception {
        type(viewer, "echo start$((1)); until [ -e go ]; do sleep 0.02; done; echo result$((1)); exit 5\n", "start1");
        long left = viewer.start();
        viewer.close();
        write(ref, "go", "");
        viewer.exit().get(10, TimeUnit.SECONDS);
        return left;
    }

    private static String rest(Viewer viewer) throws Exception {
        var seen = new StringBuilder();
        for (OutputPart part = viewer.next(1000); part.bytes().length > 0; part = viewer.next(1000)) {
            viewer.passed(part.next());
            seen.append(new String(part.bytes(), UTF_8));
        }
        return seen.toString();
    }

    @Test
    void isGoneWithItsSandboxAndBackWithItAsANewOne() throws Exception {
        SandboxRef ref = ref(make());
        try (var visit = service.terminals().enter(ALICE, ref);
                var viewer = visit.attach(named("s"), null)) {
            type(viewer, "echo up$((1))\n", "up1");
            service.delete(ALICE, ref);
            assertThat(viewer.exit().handle((status, failure) -> true).get(10, TimeUnit.SECONDS))
                    .isTrue();
        }
        try (var visit = service.terminals().enter(ALICE, ref);
                var viewer = visit.attach(named("s"), null)) {
            assertThat(viewer.live() - viewer.start()).as("at most a prompt").isLessThan(5);
            type(viewer, "echo up$((2))\n", "up2");
        }
    }

    @Test
    void isGoneWhenTheServiceStops() throws Exception {
        SandboxRef ref = ref(make());
        try (var visit = service.terminals().enter(ALICE, ref)) {
            Viewer viewer = visit.attach(named("s"), null);
            type(viewer, "echo up$((1))\n", "up1");
            service.close();
            assertThat(viewer.exit().handle((status, failure) -> true).get(10, TimeUnit.SECONDS))
                    .isTrue();
        }
    }

    @Test
    void aSandboxIsNotSweptWhileSomebodyIsAtItsTerminals() throws Exception {
        SandboxRef ref = ref(make());
        try (var visit = service.terminals().enter(ALICE, ref);
                var viewer = visit.attach(named("s"), null)) {
            clock.advance(TTL.multipliedBy(2));
            service.deleteExpired();
            type(viewer, "echo up$((1))\n", "up1");
        }
        clock.advance(TTL.multipliedBy(2));
        service.deleteExpired();
        assertThat(service.running(ALICE, ref)).isFalse();
    }

    @Test
    void isForItsOwnerOnly() {
        SandboxRef ref = ref(make());
        assertThat(codeOf(() -> service.terminals().check(BOB, ref))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(codeOf(() -> service.terminals().check(ADMIN, ref))).isEqualTo(ErrorCode.FORBIDDEN);
        assertThat(codeOf(() -> service.terminals().enter(BOB, ref))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
    }

    @Test
    void aStartThatFailsLeavesNoNameBehind() {
        SandboxRef ref = ref(make());
        try (var visit = service.terminals().enter(ALICE, ref)) {
            for (int i = 0; i < 2 * NamedTerminals.MOST; i++) {
                var call = new TerminalCall("n" + i, null, "nowhere", null, null);
                assertThat(codeOf(() -> visit.attach(call, null))).isEqualTo(ErrorCode.INVALID_REQUEST);
            }
            visit.attach(named("good"), null).close();
        }
    }

    private static TerminalCall named(String name) {
        return new TerminalCall(name, "/bin/sh", null, null, null);
    }

    private static void type(Viewer viewer, String text, String answer) throws Exception {
        viewer.write(text.getBytes(UTF_8));
        var seen = new StringBuilder();
        while (seen.indexOf(answer) < 0) {
            OutputPart part = viewer.next(1000);
            assertThat(part.bytes()).as("the end, after " + seen).isNotEmpty();
            viewer.passed(part.next());
            seen.append(new String(part.bytes(), UTF_8));
        }
    }
}
