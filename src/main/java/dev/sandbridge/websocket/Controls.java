package dev.sandbridge.websocket;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.http.UpgradeEntrance;
import dev.sandbridge.pty.TerminalSize;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Optional;

/** Puts text messages together and reads them; what is wrong with one is told, and the connection stays. */
final class Controls {
    /** Far more than any message that means something. */
    private static final int LONGEST = 4 * 1024;

    private final Socket socket;
    private final UpgradeEntrance entrance;
    private final ByteArrayOutputStream message = new ByteArrayOutputStream(0);
    private boolean tooLong;

    Controls(Socket socket, UpgradeEntrance entrance) {
        this.socket = socket;
        this.entrance = entrance;
    }

    /** The size that is asked for, once the message is whole and asks for one. */
    Optional<TerminalSize> take(Socket.Frame frame) {
        tooLong |= message.size() + frame.bytes().length > LONGEST;
        if (!tooLong) {
            message.writeBytes(frame.bytes());
        }
        if (!frame.last()) {
            return Optional.empty();
        }
        try {
            if (tooLong) {
                throw new SandboxException(
                        ErrorCode.PAYLOAD_TOO_LARGE, "a text message may be at most " + LONGEST + " bytes long");
            }
            return Messages.resize(message.toByteArray());
        } catch (SandboxException wrong) {
            tell(wrong);
            return Optional.empty();
        } finally {
            message.reset();
            tooLong = false;
        }
    }

    /** Waits for its turn like all that is sent: who reads no answers is not listened to. */
    private void tell(SandboxException wrong) {
        try {
            socket.send(Messages.error(entrance.explain(wrong)));
        } catch (IOException closed) {
            // Whoever takes what comes finds out.
        }
    }
}
