package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TerminalSpoolTest {
    private final TerminalSpool spool = new TerminalSpool(100);

    private void write(String text) {
        spool.write(text.getBytes(UTF_8));
    }

    @Test
    @DisplayName("vendor statement 111: what a slow reader misses is counted in its place")
    void whatASlowReaderMissesIsCountedInItsPlace() throws Exception {
        write("read");
        assertThat(spool.read(new byte[2])).isEqualTo(2);
        write("a".repeat(60));
        write("b".repeat(60));
        spool.end(null);

        assertThat(new String(spool.readAllBytes(), UTF_8))
                .isEqualTo("\r\n[sandbridge: 62 bytes of output were dropped: they came faster than they were read]\r\n"
                        + "b".repeat(60));
    }

    @Test
    void everythingWithinTheLimitIsExact() throws Exception {
        write("one ");
        assertThat(spool.available()).isEqualTo(4);
        assertThat(spool.read()).isEqualTo('o');
        write("two");
        spool.end(null);

        assertThat(spool.available()).isEqualTo(6);
        assertThat(new String(spool.readAllBytes(), UTF_8)).isEqualTo("ne two");
        assertThat(spool.available()).isZero();
    }

    @Test
    void aBreakIsToldAfterWhatCameBeforeIt() throws Exception {
        write("x");
        spool.end(new IOException("why"));

        assertThat(spool.read()).isEqualTo('x');
        assertThatThrownBy(spool::read).isInstanceOf(IOException.class).hasRootCauseMessage("why");
    }

    @Test
    void closingEndsAWaitingRead() throws Exception {
        var failure = new CompletableFuture<Throwable>();
        Thread.ofVirtual().start(() -> {
            try {
                failure.complete(new AssertionError("read " + spool.read()));
            } catch (IOException closed) {
                failure.complete(closed);
            }
        });

        spool.close();

        assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
        write("late");
        assertThatThrownBy(spool::available).isInstanceOf(IOException.class);
    }
}
