package dev.sandbridge.websocket;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.pty.NamedTerminal.Viewer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/** A socket that looks at a terminal with a name, which outlives it: past output, {@code ready}, what follows. */
final class NamedSession {
    /** For what was typed just before the connection went; a shell that does not read does not keep it for longer. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final Viewer viewer;
    private final Socket socket;
    private final Controls controls;
    private final Consumer<Throwable> tell;
    private final Consumer<Throwable> fail;

    /**
     * @param tell tells the caller of a failure
     * @param fail tells the caller of a failure and closes the socket
     */
    NamedSession(Viewer viewer, Socket socket, Controls controls, Consumer<Throwable> tell, Consumer<Throwable> fail) {
        this.viewer = viewer;
        this.socket = socket;
        this.controls = controls;
        this.tell = tell;
        this.fail = fail;
    }

    /** Returns when the socket is closed. */
    void run() throws InterruptedException {
        Thread output = Thread.ofVirtual().start(this::show);
        Thread input = Thread.ofVirtual().start(this::type);
        socket.awaitClose();
        output.interrupt();
        if (!input.join(LAST_WORDS)) {
            input.interrupt();
            input.join();
        }
        output.join();
    }

    private void show() {
        try {
            if (viewer.start() != viewer.asked()) {
                // What was asked for may lie behind all output; nothing is known to be missing then.
                socket.send(Messages.gap(Math.min(viewer.asked(), viewer.start()), viewer.start()));
            }
            long next = viewer.start();
            for (OutputPart part = replay(); part.bytes().length > 0; part = replay()) {
                next = pass(part);
            }
            socket.send(Messages.ready(next, viewer.startedAt()));
            for (OutputPart part = live(); part.bytes().length > 0; part = live()) {
                pass(part);
            }
            ExitStatus status = viewer.exit().get();
            if (socket.isClosed()) {
                return;
            }
            // Before the message: who has read it and comes back gets a new shell.
            viewer.told();
            socket.send(Messages.exit(status));
            socket.close(Socket.NORMAL, null);
        } catch (IOException | InterruptedException gone) {
            // The socket is closed; the terminal goes on.
        } catch (ExecutionException unknown) {
            fail.accept(
                    unknown.getCause() instanceof SandboxException known
                            ? known
                            : new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "the terminal broke off", unknown));
        } catch (RuntimeException failed) {
            fail.accept(failed);
        }
    }

    private OutputPart replay() throws InterruptedException {
        return viewer.replay(OutputFrames.LARGEST);
    }

    private OutputPart live() throws InterruptedException {
        return viewer.next(OutputFrames.LARGEST);
    }

    /** Returns the offset that follows. */
    private long pass(OutputPart part) throws IOException {
        if (part.gap() > 0) {
            socket.send(Messages.gap(part.offset() - part.gap(), part.offset()));
        }
        OutputFrames.send(socket, part.bytes());
        viewer.passed(part.next());
        return part.next();
    }

    private void type() {
        try {
            for (Socket.Frame frame = socket.next(); frame != null; frame = socket.next()) {
                if (frame.text()) {
                    controls.take(frame).ifPresent(viewer::resize);
                } else {
                    write(frame.bytes());
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException failed) {
            fail.accept(failed);
        }
    }

    /** The next write may work where this one has failed. */
    private void write(byte[] bytes) throws InterruptedException {
        try {
            viewer.write(bytes);
        } catch (InterruptedIOException interrupted) {
            throw new InterruptedException();
        } catch (SandboxException failed) {
            if (!socket.isClosed()) {
                tell.accept(failed);
            }
        }
    }
}
