package dev.sandbridge.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ExecTest {
    private static final ExecLimits UNLIMITED = new ExecLimits(null, Long.MAX_VALUE);

    private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
    private final OutputSink sink = (channel, bytes, offset, length) ->
            (channel == OutputSink.Channel.STDOUT ? stdout : stderr).write(bytes, offset, length);
    private final OutputSink slow = (channel, bytes, offset, length) -> {
        await(Duration.ofMillis(2));
        sink.write(channel, bytes, offset, length);
    };

    @Test
    void passesBothStreamsAndTheExitCode() throws IOException {
        var exec = new Exec(new HostCommand("sh", "-c", "echo out; echo err >&2; exit 42"), UNLIMITED, sink);

        assertThat(exec.run()).isEqualTo(ExitStatus.exited(42));
        assertThat(stdout.toString(UTF_8)).isEqualTo("out\n");
        assertThat(stderr.toString(UTF_8)).isEqualTo("err\n");
    }

    @Test
    void deathByASignalIs128PlusItsNumber() throws IOException {
        var exec = new Exec(new HostCommand("sh", "-c", "kill -SEGV $$"), UNLIMITED, sink);

        assertThat(exec.run()).isEqualTo(new ExitStatus(139, "SEGV"));
    }

    @Test
    void deliversAllOutputOfFiveMebibytesInOrder() throws IOException {
        var exec = new Exec(new HostCommand("seq", "1", "800000"), UNLIMITED, sink);

        assertThat(exec.run().code()).isZero();
        var expected = new StringBuilder();
        for (int i = 1; i <= 800_000; i++) {
            expected.append(i).append('\n');
        }
        assertThat(stdout.toString(UTF_8)).isEqualTo(expected.toString());
    }

    @Test
    void theTimeLimitEndsTheCommandAndSaysSo() throws IOException {
        var command = new HostCommand("sh", "-c", "echo begun; trap '' TERM; sleep 60");
        var exec = new Exec(command, new ExecLimits(Duration.ofMillis(300), Long.MAX_VALUE), sink);

        assertThat(exec.run()).isEqualTo(ExitStatus.exited(124));
        assertThat(stdout.toString(UTF_8)).isEqualTo("begun\n");
        assertThat(stderr.toString(UTF_8)).isEqualTo("Command timed out after 300ms\n");
        assertThat(command.exit()).isDone();
    }

    @Test
    void aBackgroundChildThatHoldsThePipeDoesNotHoldTheCall() throws IOException {
        var command = new HostCommand("sh", "-c", "sleep 20 & echo x");
        var exec = new Exec(command, UNLIMITED, sink);
        long begun = System.nanoTime();

        assertThat(exec.run()).isEqualTo(ExitStatus.exited(0));
        assertThat(stdout.toString(UTF_8)).isEqualTo("x\n");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));
    }

    @Test
    void aReaderThatComesLateGetsEverythingWrittenBeforeTheExit() throws IOException {
        var exec = new Exec(new HostCommand("sh", "-c", "head -c 3000000 /dev/zero; sleep 20 &"), UNLIMITED, slow);

        assertThat(exec.run().code()).isZero();
        assertThat(stdout.size()).isEqualTo(3_000_000);
    }

    @Test
    void aBackgroundChildThatWritesOnDoesNotHoldTheCall() throws IOException {
        var command = new HostCommand("sh", "-c", "exit 3");
        var exec = new Exec(new Altered(command, new Flood(64 << 20), command.exit()), UNLIMITED, slow);

        assertThat(exec.run()).isEqualTo(ExitStatus.exited(3));
        assertThat(stdout.size()).isLessThan(16 << 20);
    }

    @Test
    void moreOutputThanAllowedEndsTheCommandWithATypedError() throws IOException {
        var command = new HostCommand("yes");
        var exec = new Exec(command, new ExecLimits(null, 100_000), sink);

        assertThatThrownBy(exec::run).isInstanceOfSatisfying(SandboxException.class, e -> assertThat(e.code())
                .isEqualTo(ErrorCode.OUTPUT_LIMIT_EXCEEDED));
        assertThat(stdout.size()).isEqualTo(100_000);
        assertThat(command.exit()).isDone();
    }

    @Test
    void aSinkThatRefusesEndsTheCommand() throws IOException {
        var command = new HostCommand("yes");
        var exec = new Exec(command, UNLIMITED, (channel, bytes, offset, length) -> {
            throw new IOException("caller gone");
        });

        assertThatThrownBy(exec::run).isInstanceOf(IOException.class).hasMessage("caller gone");
        assertThat(command.exit()).isDone();
    }

    @Test
    void cancelEndsASilentCommandAtOnce() throws Exception {
        var command = new HostCommand("sleep", "60");
        var exec = new Exec(command, UNLIMITED, sink);
        var result = CompletableFuture.supplyAsync(() -> {
            try {
                return exec.run().toString();
            } catch (IOException cancelled) {
                return "cancelled";
            }
        });

        exec.cancel();

        assertThat(result.get(5, TimeUnit.SECONDS)).isEqualTo("cancelled");
        assertThat(command.exit()).isDone();
    }

    @Test
    void anUnknownEndIsAnErrorAndNeverZero() throws IOException {
        var gone = new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "the sandbox is gone");
        var command = new HostCommand("true");
        var exec =
                new Exec(new Altered(command, command.stdout(), CompletableFuture.failedFuture(gone)), UNLIMITED, sink);

        assertThatThrownBy(exec::run).isSameAs(gone);
    }

    private static void await(Duration time) {
        try {
            new CountDownLatch(1).await(time.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Output of which there is always more to read, up to a size that no call should see. */
    private static final class Flood extends InputStream {
        private int left;

        Flood(int left) {
            this.left = left;
        }

        @Override
        public int read() {
            return left-- > 0 ? 'y' : -1;
        }

        @Override
        public int available() {
            return Math.min(Math.max(left, 0), 64 * 1024);
        }
    }

    /** A command that ends otherwise, or says something else, than it does. */
    private record Altered(HostCommand real, InputStream stdout, CompletableFuture<ExitStatus> exit)
            implements RunningCommand {
        @Override
        public int pid() {
            return real.pid();
        }

        @Override
        public OutputStream stdin() {
            return real.stdin();
        }

        @Override
        public InputStream stderr() {
            return real.stderr();
        }

        @Override
        public void signal(Signal signal) {
            real.signal(signal);
        }

        @Override
        public void kill() {
            real.kill();
        }

        @Override
        public void close() {
            real.close();
        }
    }
}
