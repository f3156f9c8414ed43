package dev.sandbridge.provider.local;

import dev.sandbridge.pty.TerminalSize;
import java.io.Closeable;
import java.io.IOException;

/**
 * The controlling side of a pseudo-terminal. Reading and writing have a descriptor each, since one thread may wait for
 * either; the terminal hangs up when both are closed.
 */
final class TerminalMaster implements Closeable {
    private final Descriptor master;
    private final Descriptor copy;
    private final FdInputStream output;
    private final FdOutputStream input;

    private TerminalMaster(Descriptor master, Descriptor copy) {
        this.master = master;
        this.copy = copy;
        this.output = new FdInputStream(master);
        this.input = new FdOutputStream(copy);
    }

    /** Takes over the number, also when this fails. */
    static TerminalMaster open(int fd, Poller poller) throws IOException {
        var master = new Descriptor(fd, poller);
        try {
            return new TerminalMaster(master, master.duplicate());
        } catch (IOException failed) {
            master.close();
            throw failed;
        }
    }

    /** What is typed. */
    FdOutputStream input() {
        return input;
    }

    /** What is shown; ends with the leader of the terminal's session. */
    FdInputStream output() {
        return output;
    }

    /** Does nothing to a closed one. */
    void resize(TerminalSize size) {
        try {
            int fd = master.enter();
            try {
                FdCalls.setWindowSize(fd, size.columns(), size.rows());
            } finally {
                master.leave();
            }
        } catch (IOException closed) {
            // Nobody looks at its size any more.
        }
    }

    /**
     * The session's leader has ended, and with it the kernel has hung the terminal up: children that still hold it can
     * neither read nor write. Ends the output after what is there, and waiting writes. Does not block.
     */
    void finish() {
        master.finish();
        copy.finish();
    }

    @Override
    public void close() {
        input.close();
        output.close();
    }
}
