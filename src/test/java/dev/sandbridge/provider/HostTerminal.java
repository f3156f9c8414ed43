package dev.sandbridge.provider;

import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;

/** A process of this machine on a terminal of its own. */
final class HostTerminal implements Terminal {
    private final HostProcess process;
    private final HostPty pty;

    HostTerminal(HostProcess process, HostPty pty) {
        this.process = process;
        this.pty = pty;
        process.exit().whenComplete((status, lost) -> pty.finish());
    }

    @Override
    public int pid() {
        return process.pid();
    }

    @Override
    public OutputStream input() {
        return process.stdin();
    }

    @Override
    public InputStream output() {
        return process.stdout();
    }

    @Override
    public void resize(TerminalSize size) {
        try {
            pty.resize(size);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    @Override
    public CompletableFuture<ExitStatus> exit() {
        return process.exit();
    }

    @Override
    public void kill() {
        process.kill();
    }

    @Override
    public void close() {
        process.close();
        pty.close();
    }
}
