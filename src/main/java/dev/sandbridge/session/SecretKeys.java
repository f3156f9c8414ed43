package dev.sandbridge.session;

import java.util.List;
import java.util.Map;

/**
 * The service's secrets, by version. New ids and seals use the newest; older ones are accepted until they are retired.
 * Thread-safe.
 */
public final class SecretKeys {
    /** Bytes of a master secret. */
    public static final int LENGTH = 32;

    /** A version is one byte in ids and seals, and is never used for a second secret. */
    static final int LAST_VERSION = 255;

    private volatile KeyRing ring;

    /** @param masters 256-bit secrets by version, 1 to 255; at least one */
    public SecretKeys(Map<Integer, byte[]> masters) {
        ring = new KeyRing(masters);
    }

    /** The secrets now; whoever needs them twice in one operation asks once. */
    KeyRing ring() {
        return ring;
    }

    /** From now on these are the secrets. */
    void replaceBy(SecretKeys newer) {
        ring = newer.ring;
    }

    /** All versions, newest first. */
    List<Integer> versions() {
        return ring.versions();
    }
}
