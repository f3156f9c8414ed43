package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.provider.SandboxName;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class UsageTest {
    private static final SandboxName NAME = new SandboxName("sb-" + "a".repeat(26));
    private static final SandboxName OTHER = new SandboxName("sb-" + "b".repeat(26));

    private final Usage usage = new Usage();

    @Test
    void theSweepGetsNoSandboxThatIsInUse() {
        var one = usage.enter(NAME);
        var two = usage.enter(NAME);
        assertThat(usage.isUsed(NAME)).isTrue();
        one.close();
        one.close();

        assertThat(usage.exclusively(NAME)).isEmpty();
        assertThat(usage.exclusively(OTHER)).isPresent();
        two.close();

        assertThat(usage.isUsed(NAME)).isFalse();
        assertThat(usage.exclusively(NAME)).isPresent();
    }

    @Test
    void aCallWaitsUntilTheSweepIsOver() throws Exception {
        var sweep = usage.exclusively(NAME).orElseThrow();
        assertThat(usage.isUsed(NAME)).isFalse();
        var begun = new CountDownLatch(1);
        Thread call = Thread.ofVirtual().start(() -> {
            try (var hold = usage.enter(NAME)) {
                begun.countDown();
            }
        });
        while (call.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        assertThat(usage.exclusively(NAME)).isEmpty();
        assertThat(begun.getCount()).isOne();

        sweep.close();

        assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void callsAndSweepsNeverOverlap() throws Exception {
        var calls = new AtomicInteger();
        var sweeps = new AtomicInteger();
        var overlaps = new AtomicInteger();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var work = java.util.stream.IntStream.range(0, 16)
                    .<Future<?>>mapToObj(thread -> threads.submit(() -> {
                        for (int i = 0; i < 2000; i++) {
                            if (thread % 2 == 0) {
                                try (var hold = usage.enter(NAME)) {
                                    calls.incrementAndGet();
                                    overlaps.addAndGet(sweeps.get());
                                    calls.decrementAndGet();
                                }
                            } else {
                                usage.exclusively(NAME).ifPresent(hold -> {
                                    overlaps.addAndGet(calls.get() + sweeps.getAndIncrement());
                                    sweeps.decrementAndGet();
                                    hold.close();
                                });
                            }
                        }
                    }))
                    .toList();
            for (Future<?> one : work) {
                one.get();
            }
        }
        assertThat(overlaps).hasValue(0);
        assertThat(usage.exclusively(NAME)).isPresent();
    }
}
