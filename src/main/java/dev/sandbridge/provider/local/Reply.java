package dev.sandbridge.provider.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * One answer of the resident, as far as its bytes alone can be checked.
 *
 * @param id of the request, 0 for READY
 * @param value process id, wait status, error number, count or version, by kind
 */
record Reply(int id, Kind kind, int value, String text) {
    private static final int HEADER = 12;

    /** What is shown of a resident's words at most. */
    private static final int LONGEST_TEXT = 200;

    enum Kind {
        READY,
        STARTED,
        EXITED,
        REFUSED,
        DONE
    }

    static Reply parse(byte[] packet) throws IOException {
        if (packet.length < HEADER) {
            throw new IOException("an answer of " + packet.length + " bytes");
        }
        var in = ByteBuffer.wrap(packet).order(ByteOrder.LITTLE_ENDIAN);
        int id = in.getInt();
        int kind = in.get() & 0xFF;
        if (kind < 1 || kind > Kind.values().length) {
            throw new IOException("an answer of unknown kind " + kind);
        }
        int value = in.getInt(HEADER - Integer.BYTES);
        return new Reply(id, Kind.values()[kind - 1], value, text(packet));
    }

    private static String text(byte[] packet) {
        int length = Math.min(packet.length - HEADER, LONGEST_TEXT);
        return new String(packet, HEADER, length, StandardCharsets.UTF_8)
                .replaceAll("[\\p{Cntrl}&&[^\n]]", "?")
                .strip();
    }
}
