package dev.sandbridge.process;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;

/**
 * A command that has been started in a sandbox. Made by a provider; whoever started it closes it.
 *
 * <p>Threads: each stream is used by one thread at a time; everything else may be called from any thread. The streams
 * block the calling (virtual) thread only, a reader that does not read slows the command, and interrupting a thread
 * that waits in a stream ends its wait with an {@code IOException}.
 */
public interface RunningCommand extends AutoCloseable {
    /** The process id inside the sandbox. */
    int pid();

    /**
     * Input of the command; closing it is the end of input. Ends at once where the command was started without
     * stdin.
     */
    OutputStream stdin();

    /**
     * Output, exactly as written. Ends when the last process that holds it is gone, which may be later than
     * {@link #exit}: background children inherit it. {@link InputStream#available} says what is readable now without
     * waiting, and closing the stream from another thread ends a waiting read.
     */
    InputStream stdout();

    /** Like {@link #stdout}. */
    InputStream stderr();

    /**
     * How the main process ended. Completes exceptionally with a {@code SandboxException} when that can no longer be
     * known (the sandbox is gone): a missing exit code is never a success.
     */
    CompletableFuture<ExitStatus> exit();

    /** Signals the command's process group. Nothing happens if it has ended. */
    void signal(Signal signal);

    /**
     * Ends every process that descends from the command, also those that left its process group or session, and
     * returns when they are gone, also on an interrupted thread. {@link #exit} completes. Calling it again is harmless.
     */
    void kill();

    /**
     * Lets go of the streams. Does not end the command: background children of an ended command live on, and what they
     * still write to its output is thrown away, as it is when only {@link #stdout} or {@link #stderr} is closed.
     */
    @Override
    void close();
}
