package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.TestSpecs;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class QuotaTest {
    private static final OwnerId OWNER = new OwnerId("team-a");

    private final Quota quota = new Quota(3);
    private final Queue<SandboxSpec> existing = new ConcurrentLinkedQueue<>();

    @Test
    void refusesOneMoreThanAllowedAndFreesWhatWasNotMade() {
        existing.addAll(List.of(TestSpecs.spec(), TestSpecs.spec()));
        var last = take();

        assertThatThrownBy(this::take).isInstanceOf(SandboxException.class);
        last.close();
        take().close();
        existing.add(TestSpecs.spec());
        assertThatThrownBy(this::take).isInstanceOf(SandboxException.class);
        existing.poll();
        take().close();
    }

    @Test
    void otherOwnersDoNotCount() {
        existing.addAll(List.of(TestSpecs.spec(), TestSpecs.spec(), TestSpecs.spec()));

        quota.take(new OwnerId("team-b"), TestSpecs.spec().name(), existing::stream)
                .close();
    }

    @Test
    void whatIsListedAlreadyAndStillInTheMakingCountsOnce() {
        existing.addAll(List.of(TestSpecs.spec(), TestSpecs.spec()));
        SandboxSpec made = existing.element();

        try (var room = quota.take(OWNER, made.name(), existing::stream);
                var another = take()) {
            assertThat(another).isNotNull();
        }
    }

    @Test
    void manyAtOnceGetExactlyTheAllowedNumber() throws Exception {
        for (int round = 0; round < 200; round++) {
            existing.clear();
            var start = new java.util.concurrent.CyclicBarrier(12);
            Callable<Boolean> create = () -> {
                SandboxSpec spec = TestSpecs.spec();
                start.await();
                try (var room = quota.take(OWNER, spec.name(), () -> List.copyOf(existing).stream())) {
                    existing.add(spec);
                    return true;
                } catch (SandboxException refused) {
                    return false;
                }
            };
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                int made = 0;
                for (var result : threads.invokeAll(
                        IntStream.range(0, 12).mapToObj(i -> create).toList())) {
                    made += result.get() ? 1 : 0;
                }
                assertThat(made).isEqualTo(3);
            }
        }
    }

    @Test
    void aListThatFailsLeavesNoTrace() {
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> quota.take(OWNER, TestSpecs.spec().name(), QuotaTest::fail))
                    .isInstanceOf(IllegalStateException.class);
        }
        take().close();
    }

    private Quota.Room take() {
        SandboxName name = TestSpecs.spec().name();
        return quota.take(OWNER, name, existing::stream);
    }

    private static Stream<SandboxSpec> fail() {
        throw new IllegalStateException("no list");
    }
}
