package dev.sandbridge.http;

import java.io.IOException;

/** The caller closed the connection. Nobody is left to tell, and nothing is worth a line in the log. */
final class CallerGone extends IOException {
    private static final long serialVersionUID = 1L;

    CallerGone() {
        super("the caller closed the connection");
    }
}
