package dev.sandbridge.session;

import java.security.GeneralSecurityException;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.KDF;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;
import org.jspecify.annotations.Nullable;

/**
 * The service's secrets, by version. New ids and seals use the newest; older ones are accepted until they are retired.
 * Every purpose has a key of its own, derived by HKDF (RFC 5869), so that no two uses share one. Thread-safe.
 */
public final class SecretKeys {
    /** Bytes of a master secret. */
    public static final int LENGTH = 32;

    private volatile NavigableMap<Integer, byte[]> masters;
    private final Map<String, SecretKey> derived = new ConcurrentHashMap<>();

    /** @param masters 256-bit secrets by version, 1 to 255; at least one */
    public SecretKeys(Map<Integer, byte[]> masters) {
        if (masters.isEmpty()) {
            throw new IllegalArgumentException("there is no secret");
        }
        var checked = new TreeMap<Integer, byte[]>();
        masters.forEach((version, secret) -> {
            if (version < 1 || version > 255 || secret.length != LENGTH) {
                throw new IllegalArgumentException(
                        "secret " + version + " must be " + LENGTH + " bytes, version 1 to 255");
            }
            checked.put(version, secret.clone());
        });
        this.masters = checked;
    }

    /** From now on these are the secrets. */
    void replaceBy(SecretKeys newer) {
        masters = newer.masters;
        derived.clear();
    }

    int newest() {
        return masters.lastKey();
    }

    /** All versions, newest first. */
    NavigableSet<Integer> versions() {
        return masters.descendingKeySet();
    }

    /** The key of a purpose, or null for a version that is unknown or retired. */
    @Nullable
    SecretKey key(int version, String purpose, String algorithm) {
        byte[] master = masters.get(version);
        if (master == null) {
            return null;
        }
        return derived.computeIfAbsent(version + purpose, name -> derive(master, purpose, algorithm));
    }

    private static SecretKey derive(byte[] master, String purpose, String algorithm) {
        try {
            var parameters = HKDFParameterSpec.ofExtract()
                    .addIKM(master)
                    .thenExpand(("sandbridge " + purpose).getBytes(java.nio.charset.StandardCharsets.UTF_8), LENGTH);
            return KDF.getInstance("HKDF-SHA256").deriveKey(algorithm, parameters);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java has no HKDF-SHA256", impossible);
        }
    }
}
