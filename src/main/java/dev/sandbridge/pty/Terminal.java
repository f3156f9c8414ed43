package dev.sandbridge.pty;

import dev.sandbridge.process.ExitStatus;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A command that runs on a terminal of its own. Made by a provider; whoever started it closes it.
 *
 * <p>Threads: each stream is used by one thread at a time; everything else may be called from any thread. The streams
 * block the calling (virtual) thread only, a reader that does not read slows the command as a real terminal would, and
 * interrupting a thread that waits in a stream ends its wait with an {@code IOException}. An idle terminal holds no
 * buffer.
 */
public interface Terminal extends AutoCloseable {
    /**
     * What was before this service came to a terminal that outlives services.
     *
     * @param startedAt when its command was started, by whichever service
     * @param offset of the first byte that {@link #output} gives, counted from the start of the command's output
     * @param length how many bytes of that output were shown before, and can be read without waiting
     */
    record Past(Instant startedAt, long offset, int length) {}

    /** Empty for a terminal that ends with this service. */
    default Optional<Past> past() {
        return Optional.empty();
    }

    /** The process id inside the sandbox, or 0 where the provider tells none. */
    int pid();

    /**
     * What is typed. Bytes pass as they are: {@code 0x03} interrupts, {@code 0x04} ends the input of a program. Fails
     * once the command has ended. Where only text passes, that is what one typist types: each asks for a stream of its
     * own, in which the beginning of a character waits for its rest, and other bytes fail with a {@code
     * CharConversionException}.
     */
    OutputStream input();

    /**
     * What is shown, exactly as written. Ends with the command, after all that it wrote: a terminal hangs up with the
     * leader of its session, so background children that still hold it can write to it no more. Reading fails once this
     * is closed; {@link InputStream#available} says what is readable now without waiting.
     */
    InputStream output();

    /** Changes the size; the programs on the terminal are told by SIGWINCH. Harmless once the command has ended. */
    void resize(TerminalSize size);

    /**
     * How the command ended; its last output may still be readable. Completes exceptionally with a {@code
     * SandboxException} when that can no longer be known: a missing exit code is never a success.
     */
    CompletableFuture<ExitStatus> exit();

    /**
     * Ends every process that descends from the command, also those that left its process group or session, and
     * returns when they are gone. {@link #exit} completes. Calling it again is harmless.
     */
    void kill();

    /**
     * Lets go of it because nobody looks at it here any more, or this service ends. A terminal that outlives services
     * goes on, for whoever comes to it in time; any other ends, as by {@link #kill}.
     */
    default void leave() {
        kill();
    }

    /** Hangs up: lets go of the terminal, whose foreground processes get SIGHUP. Does not wait for anything. */
    @Override
    void close();
}
