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
     * Tells which process of the sandbox the shell is. What is shown and typed passes as long as that lives, which may
     * be longer than the command.
     */
    void begun(int pid);

    /**
     * Ends a command and all that descends from it, and returns when they are gone.
     *
     * @param pid the command that was started on this shell
     */
    void kill(int pid);

    /** Hangs up. */
    @Override
    void close();
}
