package dev.sandbridge.owner;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What may be told about a key: everything but the key.
 *
 * @param keyId names it in lists and changes; part of a generated key; 1 to 32 of {@code [a-z0-9-]}
 * @param profile the key's default profile, or null for the service's; 1 to 16 of {@code [a-z0-9-]}, more than a dash
 */
public record KeyInfo(
        String keyId, OwnerId owner, Role role, @Nullable String profile, boolean disabled, Instant createdAt) {
    public KeyInfo {
        if (!keyId.matches("[a-z0-9-]{1,32}")) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "a key id is 1 to 32 of a-z, 0-9, dash");
        }
        if (profile != null && (!profile.matches("[a-z0-9-]{1,16}") || profile.equals("-"))) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "a profile is named by 1 to 16 of a-z, 0-9, dash")
                    .action("give the key the name of a configured profile, or none");
        }
    }

    KeyInfo withDisabled(boolean newDisabled) {
        return new KeyInfo(keyId, owner, role, profile, newDisabled, createdAt);
    }
}
