package dev.sandbridge.sandbox;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Exec;
import dev.sandbridge.process.ExecLimits;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A command that has been started for one call. The door that asked for it runs it once and closes it;
 * {@link #cancel} may come from any thread at any time, also before {@link #run}.
 */
public final class StartedExec implements AutoCloseable {
    private final RunningCommand command;
    private final ExecLimits limits;
    private final @Nullable InputStream stdin;
    private final Supplier<Optional<String>> limitReached;
    private final Runnable release;
    private @Nullable Exec exec;
    private boolean cancelled;
    private boolean finished;
    private boolean closed;

    StartedExec(
            RunningCommand command,
            ExecLimits limits,
            @Nullable InputStream stdin,
            Supplier<Optional<String>> limitReached,
            Runnable release) {
        this.command = command;
        this.limits = limits;
        this.stdin = stdin;
        this.limitReached = limitReached;
        this.release = release;
    }

    /**
     * Passes output on until the command has ended; see {@link Exec#run}. Adds a line to stderr when a limit of the
     * sandbox killed it.
     */
    public ExitStatus run(OutputSink sink) throws IOException {
        var running = new Exec(command, limits, sink);
        synchronized (this) {
            exec = running;
            if (cancelled) {
                running.cancel();
            }
        }
        InputStream input = stdin;
        if (input != null) {
            Thread.ofVirtual().start(() -> feed(input));
        }
        ExitStatus status = running.run();
        if (status.code() == 128 + Signal.KILL.number()) {
            explain(sink);
        }
        synchronized (this) {
            finished = true;
        }
        return status;
    }

    /** Whether the time limit ended the command; once {@link #run} has returned. */
    public synchronized boolean timedOut() {
        return exec != null && exec.timedOut();
    }

    /** Ends the command: nobody waits for it any more. */
    public void cancel() {
        Exec running;
        synchronized (this) {
            if (cancelled || finished) {
                return;
            }
            cancelled = true;
            running = exec;
        }
        if (running != null) {
            running.cancel();
        }
    }

    /** Lets go, once; a command that was not run to its end is killed with all it started. */
    @Override
    public void close() {
        boolean abandoned;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            abandoned = !finished;
            finished = true;
        }
        try (command) {
            if (abandoned) {
                command.kill();
            }
        } finally {
            release.run();
        }
    }

    private void explain(OutputSink sink) throws IOException {
        Optional<String> reason;
        try {
            reason = limitReached.get();
        } catch (SandboxException unknown) {
            // How the command ended is known, and more than its reason.
            return;
        }
        if (reason.isPresent()) {
            var line = (reason.get() + "\n").getBytes(StandardCharsets.UTF_8);
            sink.write(OutputSink.Channel.STDERR, line, 0, line.length);
        }
    }

    /** Half an input must never look like a whole one: when the caller's breaks off, the command is ended first. */
    private void feed(InputStream input) {
        var buffer = new byte[16 * 1024];
        try (OutputStream to = command.stdin()) {
            for (int n = next(input, buffer); n >= 0; n = next(input, buffer)) {
                to.write(buffer, 0, n);
                to.flush();
            }
        } catch (IOException closed) {
            // The command ended, or closed its input, before it had read everything: its own business.
        }
    }

    private int next(InputStream input, byte[] buffer) {
        try {
            return input.read(buffer);
        } catch (IOException | RuntimeException broken) {
            cancel();
            return -1;
        }
    }
}
