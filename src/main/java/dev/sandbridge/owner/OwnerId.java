package dev.sandbridge.owner;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;

/**
 * An authenticated caller's name; sandboxes belong to it, whichever of its keys made them.
 *
 * @param text 1 to 63 of {@code [a-z0-9._-]}, starting with a letter or digit
 */
public record OwnerId(String text) {
    public OwnerId {
        if (!text.matches("[a-z0-9][a-z0-9._-]{0,62}")) {
            throw new SandboxException(
                            ErrorCode.INVALID_REQUEST,
                            "an owner is named by 1 to 63 of a-z, 0-9, dot, dash, underscore")
                    .action("choose a name such as team-a");
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
