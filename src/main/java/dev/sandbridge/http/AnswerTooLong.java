package dev.sandbridge.http;

import java.io.IOException;

/**
 * The answer became longer than the door can pass on. An IOException, because it passes through code that writes
 * streams.
 */
final class AnswerTooLong extends IOException {
    private static final long serialVersionUID = 1L;

    private final long limit;

    AnswerTooLong(long limit) {
        super("the answer is longer than " + limit + " bytes");
        this.limit = limit;
    }

    String text() {
        return "the answer would be longer than the " + limit + " bytes that can be passed on, encoded";
    }
}
