package dev.sandbridge.websocket;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalPump;
import dev.sandbridge.pty.Typing;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.function.Consumer;

/** A socket with a terminal that is its alone: both end together. */
final class OwnSession {
    private final Terminal terminal;
    private final Socket socket;
    private final byte[] typed;
    private final Controls controls;
    private final Consumer<Throwable> tell;
    private final Consumer<Throwable> fail;

    /**
     * @param typed input that came before there was a terminal
     * @param tell tells the caller of a failure
     * @param fail tells the caller of a failure and closes the socket
     */
    OwnSession(
            Terminal terminal,
            Socket socket,
            byte[] typed,
            Controls controls,
            Consumer<Throwable> tell,
            Consumer<Throwable> fail) {
        this.terminal = terminal;
        this.socket = socket;
        this.typed = typed;
        this.controls = controls;
        this.tell = tell;
        this.fail = fail;
    }

    /** Returns when the socket is closed; whatever the command started and has not survived is gone by then. */
    void run() throws InterruptedException {
        Thread output = Thread.ofVirtual().start(this::show);
        Thread input = Thread.ofVirtual().start(this::type);
        socket.awaitClose();
        try {
            if (!terminal.exit().isDone()) {
                terminal.kill();
            }
        } finally {
            terminal.close();
            input.interrupt();
            output.interrupt();
            input.join();
            output.join();
        }
    }

    private void show() {
        try {
            ExitStatus status =
                    new TerminalPump(terminal, OutputFrames.LARGEST, bytes -> OutputFrames.send(socket, bytes)).run();
            socket.send(Messages.exit(status));
            socket.close(Socket.NORMAL, null);
        } catch (IOException | RuntimeException failed) {
            if (!socket.isClosed()) {
                fail.accept(failed);
            }
        }
    }

    private void type() {
        try {
            var keyboard = new Typing(terminal);
            write(keyboard, typed);
            for (Socket.Frame frame = socket.next(); frame != null; frame = socket.next()) {
                if (frame.text()) {
                    controls.take(frame).ifPresent(terminal::resize);
                } else {
                    write(keyboard, frame.bytes());
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException failed) {
            fail.accept(failed);
        }
    }

    /** The next write may work where this one has failed. */
    private void write(Typing keyboard, byte[] bytes) throws InterruptedException {
        try {
            keyboard.type(bytes);
        } catch (InterruptedIOException interrupted) {
            throw new InterruptedException();
        } catch (SandboxException failed) {
            if (!socket.isClosed()) {
                tell.accept(failed);
            }
        }
    }
}
