package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.SentinelShell;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A command on a terminal at Blaxel. Its output is read as it comes, whether or not somebody wants it, because Blaxel
 * does not wait; {@link TerminalSpool} keeps the newest 4 MiB. A reader that is slower than that for longer does not
 * slow the command and is told what it has missed.
 *
 * <p>One that has a record goes on when it is left, or when the way to it is lost; see {@link BlaxelTerminals#attach}.
 * The record goes before anybody hears of the end, so that who then asks for the name gets a new shell.
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
    private final @Nullable Lasting lasting;
    private final CompletableFuture<ExitStatus> exit;
    private final TerminalSpool spool = new TerminalSpool(TerminalLink.KEPT);
    private final @Nullable TerminalMarks marks;
    private final InputStream output;
    private final AtomicBoolean hungUp = new AtomicBoolean();

    /** What a terminal that outlives this service has more. */
    record Lasting(TerminalPlace place, TerminalRecord record, Past past) {}

    /** @param lasting null for one that ends with this service */
    BlaxelTerminal(BlaxelShell shell, SentinelShell command, Timing timing, @Nullable Lasting lasting) {
        this.shell = shell;
        this.command = command;
        this.timing = timing;
        this.lasting = lasting;
        this.exit = command.exit().whenComplete((status, unknown) -> {
            if (status != null) {
                settle((place, record) -> place.forget(record.session()));
            }
        });
        this.marks = lasting == null
                ? null
                : new TerminalMarks(
                        spool,
                        lasting.past().offset(),
                        mark -> lasting.place().mark(lasting.record(), mark),
                        timing.poll());
        this.output = marks == null ? spool : marks;
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
        return new TerminalInput(this::type);
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
        return exit.copy();
    }

    @Override
    public Optional<Past> past() {
        return Optional.ofNullable(lasting).map(Lasting::past);
    }

    @Override
    public void kill() {
        command.kill();
    }

    @Override
    public void leave() {
        if (marks == null) {
            kill();
        } else if (hungUp.compareAndSet(false, true) && !exit.isDone()) {
            shell.stopTyping();
            marks.mark();
            shell.leave();
        }
    }

    @Override
    public void close() {
        try {
            output.close();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        shell.stopTyping();
        if (hungUp.compareAndSet(false, true) && !exit.isDone()) {
            Thread.ofVirtual().name("blaxel-terminal-end").start(this::hangUp);
        }
    }

    /** The command may say how it ends. If it does not, its terminal goes all the same. */
    private void hangUp() {
        try {
            shell.hangUp(pid());
            exit.get(timing.hangUp().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException | InterruptedException | SandboxException unknown) {
            LOG.log(Level.FINE, "a command that was hung up has not said how it ended", unknown);
        } finally {
            if (!exit.isDone()) {
                settle((place, record) -> place.forget(record.session()));
                command.close();
            }
        }
    }

    /** Does something about the record, where there is one. */
    private void settle(BiConsumer<TerminalPlace, TerminalRecord> what) {
        if (lasting != null) {
            try {
                what.accept(lasting.place(), lasting.record());
            } catch (SandboxException later) {
                LOG.log(Level.FINE, "who comes next finds that the terminal has ended", later);
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
                spool.write(Arrays.copyOf(chunk, count));
            }
        } catch (IOException broken) {
            failure = broken;
        }
        boolean told = exit.isDone() && !exit.isCompletedExceptionally();
        if (!told && lasting != null) {
            // The shell may well live. It is for who comes next to find out.
            hungUp.set(true);
            settle(TerminalPlace::tidy);
            shell.leave();
        }
        spool.end(failure);
        if (!told) {
            command.close();
        } else {
            shell.dismiss();
        }
    }

    /** Fails from the moment that the terminal is let go of. */
    private void type(String text) throws IOException {
        if (hungUp.get() || exit.isDone()) {
            throw new IOException("the terminal is closed");
        }
        command.input().write(text.getBytes(StandardCharsets.UTF_8));
    }
}
