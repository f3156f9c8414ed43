package dev.sandbridge.owner;

import org.jspecify.annotations.Nullable;

/**
 * Who makes a request, already authenticated.
 *
 * @param keyId which key was shown; an identifier, not a secret
 * @param profile the key's default profile, or null for the service's
 */
public record Caller(
        OwnerId owner, Role role, String keyId, @Nullable String profile) {
    public boolean isAdmin() {
        return role == Role.ADMIN;
    }
}
