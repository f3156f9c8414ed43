package dev.sandbridge.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.KDF;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.HKDFParameterSpec;

/**
 * The secrets of one moment, by version. Every purpose has a key of its own, derived by HKDF (RFC 5869), so that no two
 * uses share one. Immutable: an operation that takes one ring sees no rotation half done.
 */
final class KeyRing {
    private final TreeMap<Integer, byte[]> masters;
    private final Map<Purpose, SecretKey> derived = new ConcurrentHashMap<>();

    private record Purpose(int version, String name, String algorithm) {}

    KeyRing(Map<Integer, byte[]> masters) {
        if (masters.isEmpty()) {
            throw new IllegalArgumentException("there is no secret");
        }
        this.masters = new TreeMap<>();
        masters.forEach((version, secret) -> {
            if (version < 1 || version > SecretKeys.LAST_VERSION || secret.length != SecretKeys.LENGTH) {
                throw new IllegalArgumentException("secret " + version + " must be " + SecretKeys.LENGTH
                        + " bytes, version 1 to " + SecretKeys.LAST_VERSION);
            }
            this.masters.put(version, secret.clone());
        });
    }

    int newest() {
        return masters.lastKey();
    }

    /** All versions, newest first. */
    List<Integer> versions() {
        return List.copyOf(masters.descendingKeySet());
    }

    boolean has(int version) {
        return masters.containsKey(version);
    }

    /** @param version one that is there */
    SecretKey key(int version, String purpose, String algorithm) {
        byte[] master = masters.get(version);
        if (master == null) {
            throw new IllegalArgumentException("no secret of version " + version);
        }
        return derived.computeIfAbsent(new Purpose(version, purpose, algorithm), wanted -> derive(master, wanted));
    }

    /** HMAC-SHA-256. */
    byte[] mac(int version, String purpose, byte[] data) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(key(version, purpose, "HmacSHA256"));
            return mac.doFinal(data);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java has no HmacSHA256", impossible);
        }
    }

    private static SecretKey derive(byte[] master, Purpose purpose) {
        try {
            var parameters = HKDFParameterSpec.ofExtract()
                    .addIKM(master)
                    .thenExpand(("sandbridge " + purpose.name()).getBytes(UTF_8), SecretKeys.LENGTH);
            return KDF.getInstance("HKDF-SHA256").deriveKey(purpose.algorithm(), parameters);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java has no HKDF-SHA256", impossible);
        }
    }
}
