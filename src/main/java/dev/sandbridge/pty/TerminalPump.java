package dev.sandbridge.pty;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Reads what one terminal shows, to the end of its command. One use; {@link #run} is called once, by the one thread
 * that reads the terminal.
 */
public final class TerminalPump {
    /**
     * How long output is awaited after the command ended. What it wrote itself is on the terminal already; this is for
     * its last children, and it must be short because a background child may hold the terminal for ever.
     */
    private static final Duration DRAIN = Duration.ofMillis(150);

    /** What may still come after the command ended: more than any terminal holds, less than a child writes for ever. */
    private static final int LEFT_OVER = 256 * 1024;

    private final Terminal terminal;
    private final Sink sink;
    private final int chunk;
    private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    private final AtomicLong passed = new AtomicLong();
    private volatile boolean reading;
    private volatile boolean settled;

    /** Takes the output, in order. */
    @FunctionalInterface
    public interface Sink {
        /**
         * May block, which slows the command as a real terminal would.
         *
         * @param bytes the receiver's own; never empty
         */
        void accept(byte[] bytes) throws IOException;
    }

    /** @param chunk the most bytes that the sink is given at once */
    public TerminalPump(Terminal terminal, int chunk, Sink sink) {
        this.terminal = terminal;
        this.chunk = chunk;
        this.sink = sink;
    }

    /**
     * Passes everything on and returns how the command ended. The caller closes the terminal.
     *
     * @throws IOException what the sink threw, or that reading failed while the command was alive
     * @throws SandboxException how the command ended is not known
     */
    public ExitStatus run() throws IOException {
        terminal.exit().whenComplete((status, failure) -> Thread.ofVirtual().start(this::settle));
        try {
            for (byte[] bytes = next(); bytes.length > 0; bytes = next()) {
                sink.accept(bytes);
                passed.addAndGet(bytes.length);
            }
        } finally {
            done.complete(null);
        }
        return status();
    }

    /** What is shown next, as much as there is; empty at the end. While nothing is shown, no buffer is held. */
    private byte[] next() throws IOException {
        reading = true;
        try {
            int first = terminal.output().read();
            return first < 0 ? new byte[0] : withMore((byte) first);
        } catch (IOException broken) {
            if (settled || terminal.exit().isDone()) {
                return new byte[0];
            }
            throw broken;
        } finally {
            reading = false;
        }
    }

    /** A terminal hands out little at a time, also when more is behind it. */
    private byte[] withMore(byte first) {
        InputStream output = terminal.output();
        byte[] bytes = {first};
        int count = 1;
        try {
            for (int more = output.available(); more > 0 && count < chunk; more = output.available()) {
                if (count == bytes.length) {
                    // Doubled, or what pours would be copied again for every little that comes.
                    bytes = Arrays.copyOf(bytes, Math.min(count + Math.max(count, more), chunk));
                }
                int read = output.read(bytes, count, bytes.length - count);
                if (read < 0) {
                    break;
                }
                count += read;
            }
        } catch (IOException broken) {
            // What was read before is passed on; the next read tells what is wrong.
        }
        return count == bytes.length ? bytes : Arrays.copyOf(bytes, count);
    }

    private ExitStatus status() throws IOException {
        try {
            return terminal.exit().get();
        } catch (ExecutionException unknown) {
            if (unknown.getCause() instanceof SandboxException known) {
                throw known;
            }
            throw new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "how the command ended is unknown", unknown);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a terminal's command ran", interrupted);
        }
    }

    /** The command has ended: lets go of the terminal once it is silent, whoever else still holds it. */
    private void settle() {
        long atEnd = passed.get();
        long before = atEnd;
        while (!isDone()) {
            long now = passed.get();
            if (reading && isSilent() && now == before || now - atEnd > LEFT_OVER) {
                settled = true;
                terminal.close();
                return;
            }
            before = now;
        }
    }

    private boolean isDone() {
        try {
            done.get(DRAIN.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException open) {
            return false;
        } catch (ExecutionException | InterruptedException never) {
            return true;
        }
    }

    private boolean isSilent() {
        try {
            return terminal.output().available() == 0;
        } catch (IOException ended) {
            return true;
        }
    }
}
