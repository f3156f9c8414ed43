package dev.sandbridge.websocket;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.pty.TerminalSize;
import dev.sandbridge.sandbox.TerminalCall;
import dev.sandbridge.workspace.FileNames;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What a caller sends before there is a terminal: sizes, and then the message that decides what runs on it. */
final class FirstMessage {
    private final Socket socket;
    private final Controls controls;
    private final long most;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(0);
    private TerminalCall call;

    FirstMessage(Socket socket, Controls controls, TerminalCall call, long most) {
        this.socket = socket;
        this.controls = controls;
        this.call = call;
        this.most = most;
    }

    /**
     * Waits for the whole message; false if the connection was closed before.
     *
     * @throws SandboxException PAYLOAD_TOO_LARGE
     */
    boolean await() throws InterruptedException {
        for (Socket.Frame frame = socket.next(); frame != null; frame = socket.next()) {
            if (frame.text()) {
                controls.take(frame).ifPresent(this::resize);
                continue;
            }
            bytes.writeBytes(frame.bytes());
            if (bytes.size() > most) {
                throw new SandboxException(
                                ErrorCode.PAYLOAD_TOO_LARGE, "the first message may be at most " + most + " bytes long")
                        .action("write the script to a file and run that");
            }
            if (frame.last() && bytes.size() > 0) {
                return true;
            }
        }
        return false;
    }

    /** The shell text that it is, or null if it is something typed. */
    @Nullable
    String script() {
        byte[] all = bytes.toByteArray();
        int last = all.length - 1;
        return last > 0 && all[last] == '\n' ? FileNames.decode(Arrays.copyOf(all, last)) : null;
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    /** The call with the last size that was asked for. */
    TerminalCall call() {
        return call;
    }

    private void resize(TerminalSize size) {
        call = new TerminalCall(call.session(), call.shell(), call.directory(), call.user(), size);
    }
}
