package dev.sandbridge.provider;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;

/**
 * A sandbox's name at its provider, derived from its id: unguessable, and safe as a file, host and label name.
 *
 * @param text {@code sb-} and 26 characters of {@code [a-z2-7]}
 */
public record SandboxName(String text) {
    public SandboxName {
        if (!text.matches("sb-[a-z2-7]{26}")) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "not a sandbox name");
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
