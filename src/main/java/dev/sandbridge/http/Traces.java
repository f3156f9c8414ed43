package dev.sandbridge.http;

import org.jspecify.annotations.Nullable;

/** Stack traces for the log. Messages stay out: an unforeseen one may quote an argument, a path or a secret. */
final class Traces {
    private static final int CAUSES = 5;

    private Traces() {}

    static String withoutMessages(Throwable failure) {
        var text = new StringBuilder();
        Throwable next = failure;
        for (int i = 0; i < CAUSES && next != null; i++) {
            text.append(i == 0 ? "" : "caused by ")
                    .append(next.getClass().getName())
                    .append('\n');
            for (StackTraceElement element : next.getStackTrace()) {
                text.append("    at ").append(element).append('\n');
            }
            next = cause(next);
        }
        return text.toString();
    }

    private static @Nullable Throwable cause(Throwable failure) {
        return failure.getCause();
    }
}
