package dev.sandbridge.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
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
                assertThat(again.start()).isZero();
                type(again, "echo new$((1))\n", "new1");
            }
        }
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
            assertThat(viewer.live()).as("at most a prompt").isLessThan(5);
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
