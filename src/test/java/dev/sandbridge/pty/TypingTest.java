package dev.sandbridge.pty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.CharConversionException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TypingTest {
    private final PipeTerminal program = new PipeTerminal();
    private final Typing keyboard = new Typing(program);

    @Test
    void aFailureIsToldAndTheNextKeyWorks() throws Exception {
        program.refuse(new CharConversionException("no text"));
        assertThat(refusal()).isEqualTo(ErrorCode.INVALID_REQUEST);
        program.refuse(new IOException("broken"));
        assertThat(refusal()).isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);

        program.refuse(null);
        keyboard.type(new byte[] {3});

        assertThat(program.typed()).isEqualTo("\u0003");
    }

    @Test
    void whatIsTypedToACommandThatHasEndedIsLost() throws Exception {
        program.refuse(new IOException("closed"));
        program.end(0);

        keyboard.type("ls\n".getBytes(UTF_8));

        program.refuse(null);
        keyboard.type("ls\n".getBytes(UTF_8));
        assertThat(program.typed()).isEmpty();
    }

    @Test
    void anEndThatIsKnownAMomentLaterIsNoFailure() throws Exception {
        program.refuse(new IOException("closed"));
        var typed = CompletableFuture.runAsync(() -> {
            try {
                keyboard.type("ls\n".getBytes(UTF_8));
            } catch (IOException interrupted) {
                throw new AssertionError(interrupted);
            }
        });
        program.end(0);

        typed.get(10, TimeUnit.SECONDS);
    }

    private ErrorCode refusal() {
        return catchThrowableOfType(SandboxException.class, () -> keyboard.type("ls\n".getBytes(UTF_8)))
                .code();
    }
}
