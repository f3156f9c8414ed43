package dev.sandbridge.websocket;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** Sends a terminal's output so that no client can take it for one of the door's own messages. */
final class OutputFrames {
    /** The largest message that is sent. */
    static final int LARGEST = 64 * 1024;

    private OutputFrames() {}

    static void send(Socket socket, byte[] output) throws IOException {
        for (byte[] message : of(output)) {
            socket.send(message);
        }
    }

    /**
     * The JavaScript client reads a binary message that is a JSON object with a type as if the door had said it. So
     * what may be one goes out in two: an opening brace, which is no JSON, and what begins with a quote, which is no
     * object.
     */
    static List<byte[]> of(byte[] output) {
        int split = afterBrace(output);
        return split > 0 && output[output.length - 1 - spacesAtEnd(output)] == '}'
                ? List.of(Arrays.copyOf(output, split), Arrays.copyOfRange(output, split, output.length))
                : List.of(output);
    }

    /** Where an object's first member would begin, or 0. */
    private static int afterBrace(byte[] bytes) {
        int brace = spacesFrom(bytes, hasMark(bytes) ? 3 : 0);
        if (brace == bytes.length || bytes[brace] != '{') {
            return 0;
        }
        int member = spacesFrom(bytes, brace + 1);
        return member < bytes.length && bytes[member] == '"' ? brace + 1 : 0;
    }

    /** Whether a byte order mark stands in front, which readers of text drop. */
    private static boolean hasMark(byte[] bytes) {
        return bytes.length > 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB && bytes[2] == (byte) 0xBF;
    }

    private static int spacesFrom(byte[] bytes, int from) {
        int at = from;
        while (at < bytes.length && isSpace(bytes[at])) {
            at++;
        }
        return at;
    }

    private static int spacesAtEnd(byte[] bytes) {
        int count = 0;
        while (isSpace(bytes[bytes.length - 1 - count])) {
            count++;
        }
        return count;
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t' || b == '\n' || b == '\r';
    }
}
