package dev.sandbridge.provider.local;

import org.jspecify.annotations.Nullable;

/** The resident did not do what it was asked to. Nothing was started. */
final class ResidentRefusal extends Exception {
    private static final long serialVersionUID = 1L;

    private final int errno;

    ResidentRefusal(int errno, @Nullable String text) {
        super(text, null, false, false);
        this.errno = errno;
    }

    int errno() {
        return errno;
    }
}
