package dev.sandbridge.sandbox;

import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A command on plain pipes that is read like one on a terminal: no echo, no input, no size. */
final class PipedCommand implements Terminal {
    private final RunningCommand command;

    private PipedCommand(RunningCommand command) {
        this.command = command;
    }

    /** Both outputs are one pipe already within the sandbox, which alone keeps their order. */
    static PipedCommand start(SandboxHandle sandbox, Command command) {
        var argv = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" 2>&1", "sh"));
        argv.addAll(command.argv());
        var merged = new Command(argv, command.directory(), command.environment(), command.user(), false);
        return new PipedCommand(sandbox.start(merged));
    }

    @Override
    public int pid() {
        return command.pid();
    }

    @Override
    public OutputStream input() {
        return command.stdin();
    }

    @Override
    public InputStream output() {
        return command.stdout();
    }

    @Override
    public void resize(TerminalSize size) {
        // Pipes have none.
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
        try {
            command.stdout().close();
        } catch (IOException ended) {
            // It was let go of already.
        } finally {
            command.close();
        }
    }
}
