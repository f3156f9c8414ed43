package dev.sandbridge.provider.local;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A process that the resident has started, with the near ends of its pipes or of its terminal. Whoever receives it
 * closes it.
 *
 * @param id names it to the resident, for good
 * @param pid inside the sandbox
 * @param stdin fails at once where no input was asked for
 * @param fault ends without a byte when the program runs; otherwise says what went wrong before
 * @param extra fails at once where none was asked for
 * @param terminal what {@code stdin} and {@code stdout} lead to, or null for pipes
 * @param exit raw wait status; its dependents run on the channel's thread and must not block
 */
record Started(
        int id,
        int pid,
        OutputStream stdin,
        InputStream stdout,
        InputStream stderr,
        InputStream fault,
        OutputStream extra,
        @Nullable TerminalMaster terminal,
        CompletableFuture<Integer> exit)
        implements AutoCloseable {
    static Started onTerminal(
            int id, int pid, TerminalMaster terminal, InputStream fault, CompletableFuture<Integer> exit) {
        return new Started(
                id,
                pid,
                terminal.input(),
                terminal.output(),
                InputStream.nullInputStream(),
                fault,
                Streams.closedOutput(),
                terminal,
                exit);
    }

    @Override
    public void close() {
        // Input last: a file verb that sees its commit channel end first knows that the input is not complete.
        Streams.closeQuietly(extra, stdin, stdout, stderr, fault);
    }
}
