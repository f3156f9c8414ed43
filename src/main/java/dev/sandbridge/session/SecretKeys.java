package dev.sandbridge.session;

import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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

    /**
     * Secrets that several processes are given, each as {@code version:hexadecimal}; one without a version is
     * the first.
     *
     * @throws IllegalArgumentException if one is not of that form, or a version comes twice; quotes none of them
     */
    public static SecretKeys given(List<String> entries) {
        var masters = new TreeMap<Integer, byte[]>();
        for (String given : entries) {
            String entry = given.contains(":") ? given : "1:" + given;
            boolean valid = entry.matches("[1-9][0-9]{0,2}:[0-9a-fA-F]{" + 2 * LENGTH + "}");
            int colon = entry.indexOf(':');
            if (!valid
                    || masters.put(
                                    Integer.parseInt(entry.substring(0, colon)),
                                    HexFormat.of().parseHex(entry.substring(colon + 1)))
                            != null) {
                throw new IllegalArgumentException("sandbridge.secrets: entry " + (masters.size() + (valid ? 0 : 1))
                        + " is not VERSION:SECRET, with a version of its own and " + 2 * LENGTH
                        + " hexadecimal digits; make one with: openssl rand -hex " + LENGTH);
            }
        }
        return new SecretKeys(masters);
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
