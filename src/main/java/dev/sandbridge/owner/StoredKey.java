package dev.sandbridge.owner;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Optional;

/**
 * A key as it is kept: what may be told about it, and the hash that recognises it.
 *
 * @param hash SHA-256 of the key
 */
record StoredKey(KeyInfo info, byte[] hash) {
    static byte[] hash(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("this Java has no SHA-256", impossible);
        }
    }

    /** Compares with every hash, so that the time tells nothing about which one was near. */
    static Optional<Caller> caller(List<StoredKey> keys, String key) {
        byte[] hash = hash(key);
        Caller caller = null;
        for (StoredKey stored : keys) {
            KeyInfo info = stored.info();
            if (stored.hasHash(hash) && !info.disabled()) {
                caller = new Caller(info.owner(), info.role(), info.keyId(), info.profile());
            }
        }
        return Optional.ofNullable(caller);
    }

    boolean hasId(String keyId) {
        return info.keyId().equals(keyId);
    }

    /** Takes the same time for every hash. */
    boolean hasHash(byte[] other) {
        return MessageDigest.isEqual(hash, other);
    }

    boolean isEnabledAdmin() {
        return info.role() == Role.ADMIN && !info.disabled();
    }
}
