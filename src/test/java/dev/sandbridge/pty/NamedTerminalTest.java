package dev.sandbridge.pty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.process.OutputRing;
import dev.sandbridge.pty.NamedTerminal.Viewer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NamedTerminalTest {
    private static final int RING = 256 * 1024;
    private static final MemoryBudget PLENTY = new MemoryBudget(1L << 30);
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final PipeTerminal program = new PipeTerminal();
    private final NamedTerminal terminal =
            new NamedTerminal(program, new OutputRing(RING, PLENTY), Clock.fixed(NOW, ZoneOffset.UTC));

    @AfterEach
    void close() {
        terminal.close();
    }

    @Test
    void aViewerSeesWhatIsShownAndTypes() throws Exception {
        try (var viewer = terminal.attach(null)) {
            assertThat(program.show("hello".getBytes(UTF_8))).isTrue();
            assertThat(new String(read(viewer, 5), UTF_8)).isEqualTo("hello");
            viewer.write("ls\n".getBytes(UTF_8));
            viewer.resize(new TerminalSize(100, 30));
        }
        assertThat(program.typed()).isEqualTo("ls\n");
        assertThat(program.size()).isEqualTo(new TerminalSize(100, 30));
    }

    @Test
    void whatWasShownBeforeIsReplayedAndWhatFollowsIsLive() throws Exception {
        show("before".getBytes(UTF_8));
        try (var viewer = terminal.attach(null)) {
            assertThat(viewer.live()).isEqualTo(6);
            assertThat(replay(viewer)).isEqualTo("before".getBytes(UTF_8));
            show(" after".getBytes(UTF_8));
            assertThat(new String(read(viewer, 6), UTF_8)).isEqualTo(" after");
        }
    }

    @Test
    void aViewerThatComesBackGoesOnExactlyWhereItLeft() throws Exception {
        byte[] all = noise(100_000, 1);
        show(Arrays.copyOf(all, 40_000));
        long left;
        var seen = new ByteArrayOutputStream();
        try (var viewer = terminal.attach(null)) {
            seen.write(read(viewer, 12_345));
            left = viewer.start();
        }
        show(Arrays.copyOfRange(all, 40_000, all.length));
        try (var viewer = terminal.attach(left)) {
            assertThat(viewer.start()).isEqualTo(left).isEqualTo(12_345);
            seen.write(read(viewer, all.length - 12_345));
        }
        assertThat(seen.toByteArray()).isEqualTo(all);
    }

    @Test
    void aViewerThatWasAwayForTooLongIsToldWhereTheOutputGoesOn() throws Exception {
        byte[] all = noise(3 * RING + 77, 2);
        show(all);
        try (var viewer = terminal.attach(100L)) {
            assertThat(viewer.asked()).isEqualTo(100);
            assertThat(viewer.start()).isEqualTo(all.length - RING);
            assertThat(replay(viewer)).isEqualTo(Arrays.copyOfRange(all, all.length - RING, all.length));
        }
        try (var ahead = terminal.attach(all.length + 5L)) {
            assertThat(ahead.start()).as("of another terminal's output").isEqualTo(all.length - RING);
        }
    }

    @Test
    void aSlowViewerDoesNotStallTheOthersAndCatchesUpFromTheRing() throws Exception {
        byte[] all = noise(2 << 20, 3);
        try (var slow = terminal.attach(null);
                var fast = terminal.attach(null)) {
            var shown = CompletableFuture.supplyAsync(() -> program.show(all));
            assertThat(read(fast, all.length)).isEqualTo(all);
            assertThat(shown.get(5, TimeUnit.SECONDS)).isTrue();

            OutputPart part = slow.next(RING);
            assertThat(part.gap()).isEqualTo(all.length - RING);
            assertThat(part.bytes()).isEqualTo(Arrays.copyOfRange(all, all.length - RING, all.length));
        }
    }

    @Test
    void aLoneSlowViewerSlowsTheCommandAndLosesNothing() throws Exception {
        byte[] all = noise(2 << 20, 4);
        try (var viewer = terminal.attach(null)) {
            var shown = CompletableFuture.supplyAsync(() -> program.show(all));
            await(() -> program.shown() >= RING);
            long most = RING + 2L * OutputRing.LEAST;
            for (int i = 0; i < 50; i++) {
                assertThat(shown.isDone()).isFalse();
                assertThat(program.shown()).isLessThanOrEqualTo(most);
                viewer.replay(1);
            }
            assertThat(read(viewer, all.length)).isEqualTo(all);
            assertThat(shown.get(5, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void theCommandGoesOnWhenTheViewerItWaitedForLeaves() throws Exception {
        byte[] all = noise(2 << 20, 5);
        CompletableFuture<Boolean> shown;
        try (var viewer = terminal.attach(null)) {
            assertThat(viewer.start()).isZero();
            shown = CompletableFuture.supplyAsync(() -> program.show(all));
            await(() -> program.shown() >= RING);
        }
        assertThat(shown.get(5, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void everyViewerSeesTheEndAfterAllOutput() throws Exception {
        try (var one = terminal.attach(null);
                var two = terminal.attach(null)) {
            program.show("bye".getBytes(UTF_8));
            program.end(3);
            for (Viewer viewer : new Viewer[] {one, two}) {
                assertThat(new String(read(viewer, 3), UTF_8)).isEqualTo("bye");
                assertThat(viewer.next(10).bytes()).isEmpty();
                assertThat(viewer.exit().get(5, TimeUnit.SECONDS)).isEqualTo(ExitStatus.exited(3));
            }
        }
        assertThat(terminal.isEnded()).isTrue();
        assertThat(program.isClosed()).isTrue();
    }

    @Test
    void isUnwatchedFromTheLastViewersLeaveOn() {
        assertThat(terminal.unwatchedSince()).contains(NOW);
        var viewer = terminal.attach(null);
        assertThat(terminal.unwatchedSince()).isEmpty();
        viewer.close();
        viewer.close();
        assertThat(terminal.unwatchedSince()).contains(NOW);
    }

    @Test
    void closingEndsTheProcessesAndItsViewers() throws Exception {
        try (var viewer = terminal.attach(null)) {
            terminal.close();
            assertThat(viewer.next(10).bytes()).isEmpty();
            assertThat(viewer.exit().get(5, TimeUnit.SECONDS)).isEqualTo(ExitStatus.killed(9));
        }
        assertThat(program.isKilled()).isTrue();
        assertThat(program.isClosed()).isTrue();
        assertThatThrownBy(() -> terminal.attach(null))
                .isInstanceOfSatisfying(SandboxException.class, refused -> assertThat(refused.code())
                        .isEqualTo(ErrorCode.CONFLICT));
    }

    @Test
    void keepsItsMemoryWithinTheLimitOfAll() {
        var memory = new MemoryBudget(RING);
        new OutputRing(RING, memory).write(new byte[RING], 0, RING);
        var ring = new OutputRing(RING, memory);
        try (var poor = new NamedTerminal(new PipeTerminal(), ring, Clock.fixed(NOW, ZoneOffset.UTC))) {
            ring.write(new byte[100_000], 0, 100_000);
            assertThat(ring.keptFrom(0)).isEqualTo(100_000 - OutputRing.LEAST);
            assertThat(poor.isEnded()).isFalse();
        }
    }

    /** The program shows it, and it has arrived. */
    private void show(byte[] bytes) throws IOException {
        long before;
        try (var probe = terminal.attach(null)) {
            before = probe.live();
        }
        assertThat(program.show(bytes)).isTrue();
        await(() -> {
            try (var probe = terminal.attach(null)) {
                return probe.live() == before + bytes.length;
            }
        });
    }

    private static byte[] read(Viewer viewer, int length) throws InterruptedException {
        var bytes = new ByteArrayOutputStream();
        while (bytes.size() < length) {
            OutputPart part = viewer.next(Math.min(65_536, length - bytes.size()));
            assertThat(part.gap()).isZero();
            assertThat(part.bytes()).isNotEmpty();
            bytes.writeBytes(part.bytes());
            viewer.passed(part.next());
        }
        return bytes.toByteArray();
    }

    private static byte[] replay(Viewer viewer) throws InterruptedException {
        var bytes = new ByteArrayOutputStream();
        for (OutputPart part = viewer.replay(1000); part.bytes().length > 0; part = viewer.replay(1000)) {
            bytes.writeBytes(part.bytes());
            viewer.passed(part.next());
        }
        return bytes.toByteArray();
    }

    private static byte[] noise(int length, long seed) {
        var bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + 10_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("not in time").isLessThan(end);
            Thread.onSpinWait();
        }
    }
}
