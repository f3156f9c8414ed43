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

    /** What children may add to what the terminal held when the command ended; one that writes for ever writes more. */
    private static final int LEFT_OVER = 256 * 1024;

    /** How often the reader is found waiting after all that: a child that writes little for ever is not awaited. */
    private static final int PATIENCE = 7;

    private static final long UNKNOWN = Long.MAX_VALUE;

    private final Terminal terminal;
    private final Sink sink;
    private final int chunk;
    private final CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    private final AtomicLong passed = new AtomicLong();
    private volatile boolean reading;
    private volatile boolean ended;
    private volatile boolean settled;
    /** Where the output ends that the terminal held when the command had ended. Some hold megabytes. */
    private volatile long owed = UNKNOWN;

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
                if (ended && owed == UNKNOWN) {
                    // Here and by this thread: at no other time is nothing on its way between terminal and sink.
                    owed = passed.get() + held();
                }
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
        ended = true;
        long before = passed.get();
        int waits = 0;
        while (!isDone()) {
            long now = passed.get();
            boolean waiting = reading;
            waits += waiting && now >= owed ? 1 : 0;
            if (waiting && held() == 0 && now == before || now - owed > LEFT_OVER || waits == PATIENCE) {
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

    private int held() {
        try {
            return terminal.output().available();
        } catch (IOException ended) {
            return 0;
        }
    }
}
