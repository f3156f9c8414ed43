package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DeadlinesTest {
    private static final Duration SHORT = Duration.ofMillis(30);
    private static final Duration LONG = Duration.ofMinutes(10);

    private final Deadlines deadlines = new Deadlines();

    @AfterEach
    void close() {
        deadlines.close();
    }

    @Test
    void workThatEndsInTimeGivesItsResult() throws IOException {
        assertThat(deadlines.within(LONG, "working", () -> "done")).isEqualTo("done");
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void workThatTakesTooLongIsInterruptedAndSaysSo() {
        var failure = catchThrowableOfType(
                SandboxException.class, () -> deadlines.within(SHORT, "writing the file", DeadlinesTest::block));

        assertThat(failure.code()).isEqualTo(ErrorCode.OPERATION_TIMEOUT);
        assertThat(failure.text()).isEqualTo("writing the file took longer than its limit of 0.03 s");
        assertThat(failure.action()).isNotNull();
        assertThat(Thread.interrupted())
                .as("the interrupt does not outlive the work")
                .isFalse();
    }

    @Test
    void workThatFailsInTimeKeepsItsFailure() {
        var failure = new IOException("of the work");

        assertThatThrownBy(() -> deadlines.within(LONG, "working", () -> {
                    throw failure;
                }))
                .isSameAs(failure);
    }

    @Test
    void workThatEndsAllTheSameAfterItsLimitGivesItsResultWithoutAnInterrupt() throws IOException {
        String result = deadlines.within(SHORT, "working", () -> {
            while (!Thread.currentThread().isInterrupted()) {
                LockSupport.parkNanos(1_000_000);
            }
            return "late";
        });

        assertThat(result).isEqualTo("late");
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void anInterruptFromElsewhereStaysAnInterrupt() {
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> deadlines.within(LONG, "working", DeadlinesTest::block))
                .isInstanceOf(InterruptedIOException.class);

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void theInnerOfTwoLimitsEndsTheInnerWorkOnly() throws IOException {
        String result = deadlines.within(LONG, "outer", () -> {
            assertThat(catchThrowableOfType(
                                    SandboxException.class,
                                    () -> deadlines.within(SHORT, "inner", DeadlinesTest::block))
                            .text())
                    .startsWith("inner");
            return "outer goes on " + Thread.currentThread().isInterrupted();
        });

        assertThat(result).isEqualTo("outer goes on false");
    }

    @Test
    void theOuterOfTwoLimitsEndsBoth() {
        assertThat(catchThrowableOfType(
                                SandboxException.class,
                                () -> deadlines.within(
                                        SHORT, "outer", () -> deadlines.within(LONG, "inner", DeadlinesTest::block)))
                        .text())
                .startsWith("outer");
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void aLimitThatPassesAtTheVeryEndNeverHitsWhatComesNext() throws Exception {
        var hits = new AtomicInteger();
        for (int i = 0; i < 3000; i++) {
            long until = System.nanoTime() + 200_000;
            try {
                deadlines.within(Duration.ofNanos(200_000), "working", () -> {
                    while (System.nanoTime() < until) {
                        Thread.onSpinWait();
                    }
                    return until;
                });
            } catch (SandboxException late) {
                // Either is right.
            }
            hits.addAndGet(Thread.interrupted() ? 1 : 0);
        }
        assertThat(hits).hasValue(0);
    }

    private static String block() throws InterruptedIOException {
        try {
            new CountDownLatch(1).await();
            return "never";
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }
}
