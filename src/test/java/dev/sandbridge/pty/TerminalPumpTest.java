package dev.sandbridge.pty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TerminalPumpTest {
    private final PipeTerminal program = new PipeTerminal();
    private final ByteArrayOutputStream seen = new ByteArrayOutputStream();

    @Test
    void passesEverythingOnInOrderAndSaysHowTheCommandEnded() throws IOException {
        var all = new byte[1 << 20];
        new Random(7).nextBytes(all);
        Thread.ofVirtual().start(() -> {
            program.show(all);
            program.end(5);
        });

        assertThat(new TerminalPump(program, 1000, this::keep).run()).isEqualTo(ExitStatus.exited(5));

        assertThat(seen.toByteArray()).isEqualTo(all);
    }

    @Test
    void doesNotWaitForAChildThatKeepsTheTerminalInSilence() throws IOException {
        program.show("done".getBytes(UTF_8));
        program.exitOnly(0);

        assertThat(new TerminalPump(program, 1000, this::keep).run()).isEqualTo(ExitStatus.exited(0));

        assertThat(seen).hasToString("done");
        assertThat(program.isClosed()).isTrue();
    }

    @Test
    void doesNotWaitForAChildThatWritesForEver() throws IOException {
        Thread.ofVirtual().start(() -> {
            while (program.show(new byte[4096])) {
                Thread.onSpinWait();
            }
        });
        program.exitOnly(0);

        assertThat(new TerminalPump(program, 1000, this::keep).run()).isEqualTo(ExitStatus.exited(0));

        assertThat(program.isClosed()).isTrue();
    }

    @Test
    void doesNotWaitForAChildThatWritesLittleForEver() throws IOException {
        Thread.ofVirtual().start(() -> {
            while (program.show(new byte[1])) {
                // Never silent for long, and slow enough to take hours for any number of bytes.
                LockSupport.parkNanos(20_000_000);
            }
        });
        program.exitOnly(0);

        assertThat(new TerminalPump(program, 1000, this::keep).run()).isEqualTo(ExitStatus.exited(0));

        assertThat(program.isClosed()).isTrue();
    }

    @Test
    void whatIsHeldAtTheEndIsPassedOnHoweverLongTheReceiverBlocks() throws Exception {
        var all = new byte[4000];
        new Random(8).nextBytes(all);
        program.show(all);
        program.exitOnly(0);
        var pump = new TerminalPump(program, 1000, bytes -> {
            // Longer than what a pump that does not block may take for all of it.
            LockSupport.parkNanos(400_000_000);
            keep(bytes);
        });

        assertThat(pump.run()).isEqualTo(ExitStatus.exited(0));

        assertThat(seen.toByteArray()).isEqualTo(all);
    }

    @Test
    void aReceiverThatIsGoneEndsIt() {
        program.show("text".getBytes(UTF_8));
        var gone = new IOException("gone");

        assertThatThrownBy(() -> new TerminalPump(program, 1000, bytes -> {
                            throw gone;
                        })
                        .run())
                .isSameAs(gone);
    }

    @Test
    void whatWasReadBeforeTheTerminalBrokeOffIsPassedOn() throws IOException {
        program.show("bye".getBytes(UTF_8));
        program.exitOnly(3);
        program.breakOff();

        assertThat(new TerminalPump(program, 1000, this::keep).run()).isEqualTo(ExitStatus.exited(3));

        assertThat(seen).hasToString("bye");
    }

    @Test
    void aTerminalThatBreaksOffUnderItsCommandIsAFailure() {
        program.show("so far".getBytes(UTF_8));
        program.breakOff();

        assertThatThrownBy(() -> new TerminalPump(program, 1000, this::keep).run())
                .isInstanceOf(IOException.class);

        assertThat(seen).hasToString("so far");
    }

    @Test
    void anEndThatIsNotKnownIsNoSuccess() {
        program.exit().completeExceptionally(new SandboxException(ErrorCode.PROVIDER_FAILURE, "lost"));
        program.end(0);

        assertThatThrownBy(() -> new TerminalPump(program, 1000, this::keep).run())
                .isInstanceOf(SandboxException.class)
                .hasMessage("lost");
    }

    private void keep(byte[] bytes) {
        assertThat(bytes).isNotEmpty().hasSizeLessThanOrEqualTo(1000);
        seen.writeBytes(bytes);
    }
}
