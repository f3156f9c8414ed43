package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.SentinelShell;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A command on a terminal at Blaxel. Its output is read as it comes, whether or not somebody wants it, because Blaxel
 * does not wait; {@link TerminalSpool} keeps the newest 4 MiB. A reader that is slower than that for longer does not
 * slow the command and is told what it has missed.
 *
 * <p>Blaxel turns bytes that are no UTF-8 into U+FFFD, and sometimes one character of text that falls between two of
 * its pieces.
 */
final class BlaxelTerminal implements Terminal {
    private static final Logger LOG = Logger.getLogger(BlaxelTerminal.class.getName());
    private static final int CHUNK = 4096;

    private final BlaxelShell shell;
    private final SentinelShell command;
    private final Timing timing;
    private final TerminalSpool output = new TerminalSpool(TerminalLink.KEPT);
    private final OutputStream input = new Input();
    private final AtomicBoolean hungUp = new AtomicBoolean();

    BlaxelTerminal(BlaxelShell shell, SentinelShell command, Timing timing) {
        this.shell = shell;
        this.command = command;
        this.timing = timing;
    }

    void start() {
        Thread.ofVirtual().name("blaxel-terminal-read").start(this::pump);
    }

    @Override
    public int pid() {
        return command.pid();
    }

    @Override
    public OutputStream input() {
        return input;
    }

    @Override
    public InputStream output() {
        return output;
    }

    @Override
    public void resize(TerminalSize size) {
        command.resize(size);
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
        output.close();
        shell.stopTyping();
        if (hungUp.compareAndSet(false, true) && !exit().isDone()) {
            Thread.ofVirtual().name("blaxel-terminal-end").start(this::hangUp);
        }
    }

    /** The command may say how it ends. If it does not, its terminal goes all the same. */
    private void hangUp() {
        try {
            shell.hangUp(pid());
            exit().get(timing.hangUp().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException | InterruptedException | SandboxException unknown) {
            LOG.log(Level.FINE, "a command that was hung up has not said how it ended", unknown);
        } finally {
            if (!exit().isDone()) {
                command.close();
            }
        }
    }

    private void pump() {
        IOException failure = null;
        try {
            var chunk = new byte[CHUNK];
            for (int count = command.output().read(chunk);
                    count >= 0;
                    count = command.output().read(chunk)) {
                output.write(Arrays.copyOf(chunk, count));
            }
        } catch (IOException broken) {
            failure = broken;
        }
        output.end(failure);
        if (exit().isCompletedExceptionally() || !exit().isDone()) {
            command.close();
        } else {
            shell.dismiss();
        }
    }

    /** Fails from the moment that the terminal is let go of. */
    private final class Input extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (hungUp.get() || exit().isDone()) {
                throw new IOException("the terminal is closed");
            }
            command.input().write(bytes, offset, length);
        }
    }
}
