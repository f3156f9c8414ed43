package dev.sandbridge.provider.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FdStreamsTest {
    private Poller poller;

    @BeforeEach
    void start() throws IOException {
        poller = new Poller();
    }

    @AfterEach
    void stop() {
        assertThat(poller.size()).isZero();
        poller.close();
    }

    @Test
    void manyMegabytesPassUnchanged() throws Exception {
        byte[] sent = new byte[20 << 20];
        new Random(1).nextBytes(sent);
        var received = new ByteArrayOutputStream(sent.length);

        try (var pipe = Pipe.open(poller)) {
            var writer = virtually(() -> {
                pipe.out().write(sent);
                pipe.out().close();
            });
            assertThat(pipe.in().transferTo(received)).isEqualTo(sent.length);
            writer.get();
        }

        assertThat(sha256(received.toByteArray())).isEqualTo(sha256(sent));
    }

    @Test
    void aReadTakesWhatIsThereAndDoesNotWaitForMore() throws IOException {
        try (var pipe = Pipe.open(poller)) {
            pipe.out().write("abc".getBytes(StandardCharsets.UTF_8));

            var buffer = new byte[10];

            assertThat(pipe.in().available()).isEqualTo(3);
            assertThat(pipe.in().read(buffer, 4, 6)).isEqualTo(3);
            assertThat(Arrays.copyOfRange(buffer, 4, 7)).containsExactly('a', 'b', 'c');
            assertThat(pipe.in().available()).isZero();
        }
    }

    @Test
    void theEndComesWithTheLastWriter() throws Exception {
        try (var pipe = Pipe.open(poller)) {
            var read = virtually(() -> assertThat(pipe.in().read()).isEqualTo(-1));
            awaitRegistered(1);
            pipe.out().close();
            read.get();
            assertThat(pipe.in().read()).isEqualTo(-1);
        }
    }

    @Test
    void writingFailsWhenNobodyReadsAnyMore() throws IOException {
        try (var pipe = Pipe.open(poller)) {
            pipe.in().close();

            assertThatThrownBy(() -> pipe.out().write(1)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aSlowReaderStopsTheWriterInsteadOfFillingMemory() throws Exception {
        try (var pipe = Pipe.open(poller)) {
            var written = new AtomicInteger();
            var writer = virtually(() -> {
                for (int i = 0; i < 64; i++) {
                    pipe.out().write(new byte[16 * 1024]);
                    written.incrementAndGet();
                }
                pipe.out().close();
            });
            awaitRegistered(1);

            assertThat(written.get()).isLessThanOrEqualTo(4);

            assertThat(pipe.in().transferTo(OutputStream.nullOutputStream())).isEqualTo(64 * 16 * 1024);
            writer.get();
        }
    }

    @Test
    void closingFromAnotherThreadEndsAWaitingRead() throws Exception {
        try (var pipe = Pipe.open(poller)) {
            var read = virtually(() -> assertThatThrownBy(() -> pipe.in().read())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("closed"));
            awaitRegistered(1);
            pipe.in().close();
            read.get();
        }
    }

    @Test
    void closingFromAnotherThreadEndsAWaitingWrite() throws Exception {
        try (var pipe = Pipe.open(poller)) {
            var write = virtually(() -> assertThatThrownBy(() -> pipe.out().write(new byte[1 << 20]))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("closed"));
            awaitRegistered(1);
            pipe.out().close();
            write.get();
        }
    }

    @Test
    void anInterruptEndsAWaitingRead() throws Exception {
        try (var pipe = Pipe.open(poller)) {
            var interrupted = new CompletableFuture<Boolean>();
            var thread = Thread.ofVirtual().start(() -> {
                try {
                    interrupted.complete(pipe.in().read() == 0);
                } catch (InterruptedIOException expected) {
                    interrupted.complete(Thread.currentThread().isInterrupted());
                } catch (IOException other) {
                    interrupted.completeExceptionally(other);
                }
            });
            awaitRegistered(1);
            thread.interrupt();

            assertThat(interrupted.get()).isTrue();
        }
    }

    @Test
    void whatIsClosedStaysClosed() throws IOException {
        var pipe = Pipe.open(poller);
        pipe.close();
        pipe.close();

        assertThatThrownBy(() -> pipe.in().read()).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> pipe.in().available()).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> pipe.out().write(1)).isInstanceOf(IOException.class);
    }

    @Test
    void usingWhatIsClosedNeverTouchesAStrangerWhoGotTheSameNumber() throws IOException {
        var first = Pipe.open(poller);
        first.close();
        try (var second = Pipe.open(poller)) {
            first.close();
            assertThatThrownBy(() -> first.in().read()).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> first.out().write(1)).isInstanceOf(IOException.class);
            first.close();

            second.out().write(7);
            assertThat(second.in().read()).isEqualTo(7);
        }
    }

    /**
     * Readers of short-lived pipes race with their closing, numbers are reused all the time; nobody may read a
     * stranger's byte.
     */
    @RepeatedTest(3)
    void readersThatAreClosedUnderwayNeverReadAStrangersBytes() throws Exception {
        long before = Pipe.openDescriptors();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int worker = 0; worker < 16; worker++) {
                int mark = worker + 1;
                threads.submit(() -> {
                    for (int i = 0; i < 200; i++) {
                        raceOnce(mark);
                    }
                    return null;
                });
            }
        }
        assertThat(strangers.get()).isZero();
        assertThat(Pipe.openDescriptors()).isLessThanOrEqualTo(before + 2);
    }

    private final AtomicInteger strangers = new AtomicInteger();

    private void raceOnce(int mark) throws Exception {
        var pipe = Pipe.open(poller);
        var begun = new CountDownLatch(1);
        var reader = virtually(() -> {
            begun.countDown();
            try {
                for (int b = pipe.in().read(); b >= 0; b = pipe.in().read()) {
                    if (b != mark) {
                        strangers.incrementAndGet();
                    }
                }
            } catch (IOException closed) {
                // The race ended this way round.
            }
        });
        begun.await();
        pipe.out().write(mark);
        pipe.close();
        reader.get();
    }

    @Test
    void thousandsOfWaitingReadersHoldNoCarrierThreads() throws Exception {
        var pipes = new Pipe[2000];
        var arrived = new CountDownLatch(pipes.length);
        for (int i = 0; i < pipes.length; i++) {
            pipes[i] = Pipe.open(poller);
            var pipe = pipes[i];
            Thread.ofVirtual().start(() -> {
                try {
                    if (pipe.in().read() == 1) {
                        arrived.countDown();
                    }
                } catch (IOException failed) {
                    throw new java.io.UncheckedIOException(failed);
                }
            });
        }
        awaitRegistered(pipes.length);

        for (var pipe : pipes) {
            pipe.out().write(1);
        }

        assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();
        for (var pipe : pipes) {
            pipe.close();
        }
    }

    private void awaitRegistered(int count) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (poller.size() < count && System.nanoTime() < deadline) {
            Thread.onSpinWait();
            Thread.yield();
        }
        assertThat(poller.size()).isGreaterThanOrEqualTo(count);
    }

    private interface Action {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> virtually(Action action) {
        var done = new CompletableFuture<Void>();
        Thread.ofVirtual().start(() -> {
            try {
                action.run();
                done.complete(null);
            } catch (Throwable failed) {
                done.completeExceptionally(failed);
            }
        });
        return done;
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
