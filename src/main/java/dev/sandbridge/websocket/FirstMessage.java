package dev.sandbridge.websocket;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.pty.TerminalSize;
import dev.sandbridge.sandbox.TerminalCall;
import dev.sandbridge.workspace.FileNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a caller sends before there is a terminal: sizes, and then the message that decides what runs on it. Until it is
 * closed, its memory counts. For one thread.
 */
final class FirstMessage implements AutoCloseable {
    /** How many times its bytes are in memory while a command is made of it. */
    private static final int COPIES = 6;

    /** What a piece takes beside its bytes. */
    private static final int PIECE = 64;

    /** What any message may take whatever others take. */
    private static final long OWN = COPIES * 16 * 1024;

    /** How long a message that finds no room waits before it looks again. */
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Socket socket;
    private final Controls controls;
    private final long most;
    private final InputShare share;
    private final Duration patience;
    private final List<byte[]> pieces = new ArrayList<>(1);
    private TerminalCall call;
    private int size;

    FirstMessage(Socket socket, Controls controls, TerminalCall call, WebSocketConfig config, MemoryBudget memory) {
        this.socket = socket;
        this.controls = controls;
        this.call = call;
        this.most = config.maxMessage().asLongValue();
        this.share = new InputShare(memory, OWN);
        this.patience = config.patience();
    }

    /**
     * Waits for the whole message; false if the connection was closed before.
     *
     * @throws SandboxException PAYLOAD_TOO_LARGE; CAPACITY_EXCEEDED if others' messages leave no room for it
     */
    boolean await() throws InterruptedException {
        for (Socket.Frame frame = socket.next(); frame != null; frame = socket.next()) {
            if (frame.text()) {
                controls.take(frame).ifPresent(this::resize);
                continue;
            }
            if (size + frame.bytes().length > most) {
                throw new SandboxException(
                                ErrorCode.PAYLOAD_TOO_LARGE, "the first message may be at most " + most + " bytes long")
                        .action("write the script to a file and run that");
            }
            if (frame.bytes().length > 0 && !keep(frame.bytes())) {
                return false;
            }
            if (frame.last() && size > 0) {
                return true;
            }
        }
        return false;
    }

    /** Waits for room, unread input with it; false if the connection is closed before there is any. */
    private boolean keep(byte[] piece) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (!share.grow((long) COPIES * piece.length + PIECE)) {
            if (System.nanoTime() > end) {
                throw new SandboxException(
                                ErrorCode.CAPACITY_EXCEEDED, "no room for a first message of this length just now")
                        .action("try again, or write the script to a file and run that");
            }
            if (socket.awaitClose(PAUSE)) {
                return false;
            }
        }
        pieces.add(piece);
        size += piece.length;
        return true;
    }

    /** The shell text that it is, or null if it is something typed. */
    @Nullable
    String script() {
        byte[] end = pieces.getLast();
        return size > 1 && end[end.length - 1] == '\n' ? FileNames.decode(bytes(size - 1)) : null;
    }

    byte[] bytes() {
        return bytes(size);
    }

    private byte[] bytes(int length) {
        var all = new byte[length];
        int at = 0;
        for (byte[] piece : pieces) {
            int count = Math.min(piece.length, length - at);
            System.arraycopy(piece, 0, all, at, count);
            at += count;
        }
        return all;
    }

    /** The call with the last size that was asked for. */
    TerminalCall call() {
        return call;
    }

    /** Nothing of it is needed any more. */
    @Override
    public void close() {
        pieces.clear();
        size = 0;
        share.clear();
    }

    private void resize(TerminalSize wanted) {
        call = new TerminalCall(call.session(), call.shell(), call.directory(), call.user(), wanted);
    }
}
