package dev.sandbridge.pty;

import java.io.InputStream;
import java.io.OutputStream;

/**
 * An interactive POSIX shell behind a terminal of which no more is known than its bytes: no end, no exit code. What a
 * provider without real terminals offers; {@link SentinelShell} makes a {@link Terminal} of it. Whoever opened it
 * closes it. Threads and streams as with {@link Terminal}.
 */
public interface ShellStream extends AutoCloseable {
    /** What is typed. */
    OutputStream input();

    /** What is shown. Its end means that the shell, or the way to it, is gone. */
    InputStream output();

    void resize(TerminalSize size);

    /**
     * Ends a process of the sandbox and all that descends from it, and returns when they are gone.
     *
     * @param pid the leader of this terminal's session
     */
    void kill(int pid);

    /** Hangs up. */
    @Override
    void close();
}
