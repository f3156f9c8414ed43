package dev.sandbridge.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class OutputRingTest {
    private static final MemoryBudget PLENTY = new MemoryBudget(1L << 40);

    @Property(tries = 500)
    void keepsTheLastBytesAndTellsTheGapLikeAPlainArrayWould(
            @ForAll @Size(max = 12) List<@IntRange(max = 9000) Integer> pieces,
            @ForAll @IntRange(min = 1, max = 20_000) int capacity,
            @ForAll @LongRange(min = 0, max = 120_000) long offset,
            @ForAll @IntRange(min = 1, max = 30_000) int max)
            throws InterruptedException {
        var ring = new OutputRing(capacity, PLENTY);
        byte[] all = new byte[pieces.stream().mapToInt(Integer::intValue).sum()];
        new Random(capacity).nextBytes(all);
        int written = 0;
        for (int piece : pieces) {
            ring.write(all, written, piece);
            written += piece;

            OutputPart part = ring.read(offset, max, Duration.ZERO);

            long from = Math.max(offset, Math.max(0, written - capacity));
            int to = (int) Math.max(from, Math.min(written, from + max));
            assertThat(part.offset()).isEqualTo(from);
            assertThat(part.gap()).isEqualTo(from - offset);
            assertThat(part.total()).isEqualTo(written);
            assertThat(part.ended()).isFalse();
            assertThat(part.bytes()).isEqualTo(from >= to ? new byte[0] : Arrays.copyOfRange(all, (int) from, to));
        }
    }

    @Test
    void readingOnFromNextLosesNothing() throws InterruptedException {
        var ring = new OutputRing(50_000, PLENTY);
        var all = new byte[40_000];
        new Random(1).nextBytes(all);
        ring.write(all, 0, all.length);
        ring.end();

        var read = new java.io.ByteArrayOutputStream();
        OutputPart part = ring.read(0, 777, Duration.ZERO);
        read.writeBytes(part.bytes());
        while (!part.ended()) {
            part = ring.read(part.next(), 777, Duration.ZERO);
            read.writeBytes(part.bytes());
        }

        assertThat(read.toByteArray()).isEqualTo(all);
    }

    @Test
    void aReaderWaitsForTheFirstByteAfterItsOffset() throws Exception {
        var ring = new OutputRing(100, PLENTY);
        ring.write(new byte[] {1}, 0, 1);
        var part = new CompletableFuture<OutputPart>();
        var reader = Thread.ofVirtual().start(() -> {
            try {
                part.complete(ring.read(1, 10, Duration.ofSeconds(20)));
            } catch (InterruptedException interrupted) {
                part.completeExceptionally(interrupted);
            }
        });
        while (reader.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }

        ring.write(new byte[] {2, 3}, 0, 2);

        assertThat(part.get(20, TimeUnit.SECONDS).bytes()).containsExactly(2, 3);
    }

    @Test
    void theEndWakesAReader() throws Exception {
        var ring = new OutputRing(100, PLENTY);
        var part = new CompletableFuture<OutputPart>();
        Thread.ofVirtual().start(() -> {
            try {
                part.complete(ring.read(5, 10, Duration.ofSeconds(20)));
            } catch (InterruptedException interrupted) {
                part.completeExceptionally(interrupted);
            }
        });

        ring.end();

        assertThat(part.get(20, TimeUnit.SECONDS).ended()).isTrue();
        assertThat(part.get().bytes()).isEmpty();
        assertThat(part.get().next()).isEqualTo(5);
    }

    @Test
    void aWaitWithoutOutputEndsInTimeAndSaysNothingEnded() throws InterruptedException {
        OutputPart part = new OutputRing(100, PLENTY).read(0, 10, Duration.ofMillis(20));

        assertThat(part.bytes()).isEmpty();
        assertThat(part.ended()).isFalse();
    }

    @Test
    void keepsLessWhenAllRingsTogetherHaveNoMemoryLeft() throws InterruptedException {
        var memory = new MemoryBudget(100_000);
        var first = new OutputRing(1 << 20, memory);
        var second = new OutputRing(1 << 20, memory);
        first.write(new byte[90_000], 0, 65_536);

        second.write(new byte[90_000], 0, 90_000);

        OutputPart part = second.read(0, 1 << 20, Duration.ZERO);
        assertThat(part.total()).isEqualTo(90_000);
        assertThat(part.gap() + part.bytes().length).isEqualTo(90_000);
        assertThat(part.bytes().length).isBetween(4096, 34_464);
    }

    @Test
    void releaseGivesItsMemoryBack() {
        var memory = new MemoryBudget(1 << 20);
        var ring = new OutputRing(1 << 20, memory);
        ring.write(new byte[1 << 20], 0, 1 << 20);
        assertThat(memory.take(1)).isFalse();

        ring.release();
        ring.release();
        ring.write(new byte[10], 0, 10);

        assertThat(memory.take(1 << 20)).isTrue();
        assertThat(memory.take(1)).isFalse();
    }

    @Test
    void aRingWithoutOutputTakesNoMemory() {
        var memory = new MemoryBudget(0);

        new OutputRing(1 << 20, memory).write(new byte[0], 0, 0);

        assertThat(memory.take(0)).isTrue();
    }

    @Test
    void aStreamThatBeganElsewhereKeepsItsOffsets() throws Exception {
        var ring = new OutputRing(100, PLENTY, 5_000);
        assertThat(ring.total()).isEqualTo(5_000);
        ring.write(new byte[150], 0, 150);

        assertThat(ring.total()).isEqualTo(5_150);
        assertThat(ring.keptFrom(0)).isEqualTo(5_050);
        OutputPart early = ring.read(5_010, 20, Duration.ZERO);
        assertThat(early.offset()).isEqualTo(5_050);
        assertThat(early.gap()).isEqualTo(40);
        assertThat(early.next()).isEqualTo(5_070);
        OutputPart before = ring.read(0, 1000, Duration.ZERO);
        assertThat(before.gap()).isEqualTo(5_050);
        assertThat(before.next()).isEqualTo(5_150);
    }
}
