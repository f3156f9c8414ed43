package dev.sandbridge.http;

import io.vertx.core.buffer.Buffer;

/**
 * An answer that is sent in one piece because a function passes it on so, counted as it will be encoded: in base64, or
 * as a JSON string, whichever is longer. Not thread-safe.
 */
final class HeldAnswer {
    private final long limit;
    private Buffer held = Buffer.buffer();
    private long escaped;

    HeldAnswer(long limit) {
        this.limit = limit;
    }

    /** Keeps a piece, or forgets everything where it does not fit. */
    void add(Buffer piece) throws AnswerTooLong {
        for (int i = 0; i < piece.length(); i++) {
            escaped += escapedLength(piece.getByte(i));
        }
        long base64 = (held.length() + piece.length() + 2L) / 3 * 4;
        if (Math.max(base64, escaped) > limit) {
            held = Buffer.buffer();
            escaped = 0;
            throw new AnswerTooLong(limit);
        }
        held.appendBuffer(piece);
    }

    Buffer all() {
        return held;
    }

    private static int escapedLength(byte b) {
        return switch (b) {
            case '"', '\\', '\b', '\f', '\n', '\r', '\t' -> 2;
            default -> b >= 0 && b < ' ' ? 6 : 1;
        };
    }
}
