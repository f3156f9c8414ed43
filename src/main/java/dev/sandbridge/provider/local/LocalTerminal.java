package dev.sandbridge.provider.local;

import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;

/** A command on a terminal in a cage. */
final class LocalTerminal implements Terminal {
    private final LocalCommand command;
    private final TerminalMaster master;
    private final InputStream output;

    /** @param output what the caller reads; the terminal's own unless the command never ran */
    LocalTerminal(LocalCommand command, TerminalMaster master, InputStream output) {
        this.command = command;
        this.master = master;
        this.output = output;
    }

    @Override
    public int pid() {
        return command.pid();
    }

    @Override
    public OutputStream input() {
        return master.input();
    }

    @Override
    public InputStream output() {
        return output;
    }

    @Override
    public void resize(TerminalSize size) {
        master.resize(size);
    }

    @Override
    public CompletableFuture<ExitStatus> exit() {
        return command.exit();
    }

    @Override
    public void kill() {
        command.kill();
    }

    @Override
    public void close() {
        command.close();
    }
}
