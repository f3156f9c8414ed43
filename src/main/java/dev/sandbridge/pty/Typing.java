package dev.sandbridge.pty;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What one types on a terminal that somebody else owns. A write that fails is the end of typing only where the command
 * has ended. Used by one thread at a time.
 */
public final class Typing {
    /** A terminal may refuse what is typed a moment before its command's end is known. */
    private static final Duration MOMENT = Duration.ofMillis(500);

    private final Terminal terminal;
    private final OutputStream input;
    private volatile boolean over;

    public Typing(Terminal terminal) {
        this.terminal = terminal;
        this.input = terminal.input();
    }

    /**
     * Types. What is typed to a command that has ended is lost, as on any terminal. After a failure more can be typed.
     *
     * @throws SandboxException INVALID_REQUEST for bytes that the terminal does not take, none of which was typed;
     *     EXEC_TRANSPORT_ERROR where they may not have arrived
     * @throws InterruptedIOException when interrupted; some of it may have been typed
     */
    public void type(byte[] bytes) throws InterruptedIOException {
        if (over) {
            return;
        }
        try {
            input.write(bytes);
            input.flush();
        } catch (InterruptedIOException interrupted) {
            throw interrupted;
        } catch (CharConversionException other) {
            over = terminal.exit().isDone();
            if (!over) {
                throw new SandboxException(ErrorCode.INVALID_REQUEST, "this terminal takes UTF-8 only", other)
                        .action("type text in UTF-8; nothing of this message was typed");
            }
        } catch (IOException broken) {
            over = hasEnded(broken);
            if (!over) {
                throw new SandboxException(
                                ErrorCode.EXEC_TRANSPORT_ERROR, "what was typed may not have arrived", broken)
                        .action("look at what the terminal shows, and type it again if it is missing there");
            }
        }
    }

    private boolean hasEnded(IOException broken) throws InterruptedIOException {
        try {
            terminal.exit().get(MOMENT.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (ExecutionException unknown) {
            return true;
        } catch (TimeoutException alive) {
            return false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            var failure = new InterruptedIOException("interrupted while typing");
            failure.initCause(broken);
            throw failure;
        }
    }
}
