package dev.sandbridge.archive;

import java.security.SecureRandom;

/**
 * Two polynomials over a path's characters, modulo 2^61 - 1, at points that nobody knows: whoever chooses the paths
 * cannot make two of them meet, and the hashes of all parents come for free on the way.
 */
final class PathHash {
    private static final long PRIME = (1L << 61) - 1;

    private final long first;
    private final long second;
    private long a;
    private long b;

    PathHash(SecureRandom random) {
        first = random.nextLong(1L << 32, PRIME);
        second = random.nextLong(1L << 32, PRIME);
    }

    /** Hashes all of a text. */
    PathHash of(String text) {
        reset();
        for (int i = 0; i < text.length(); i++) {
            add(text.charAt(i));
        }
        return this;
    }

    void reset() {
        a = 1;
        b = 1;
    }

    void add(char c) {
        a = step(a, first, c);
        b = step(b, second, c);
    }

    long high() {
        return a;
    }

    long low() {
        return b;
    }

    private static long step(long value, long point, char c) {
        long high = Math.multiplyHigh(value, point);
        long low = value * point;
        long sum = (low & PRIME) + (low >>> 61 | high << 3) + c + 1;
        sum = (sum & PRIME) + (sum >>> 61);
        return sum >= PRIME ? sum - PRIME : sum;
    }
}
