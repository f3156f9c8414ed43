package dev.sandbridge.pty;

import java.time.Duration;
import java.time.Instant;

/**
 * Where the output of a terminal begins to be counted when nobody knows what an earlier one under its name has shown:
 * so far on that no offset of an earlier one's output is one of its own. Programs in JavaScript still count exactly.
 */
public final class Offsets {
    private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

    /** More than a terminal shows in a millisecond, for as long as it lives. */
    private static final long PER_MILLISECOND = 1 << 13;

    /** Until 2060: what a sandbox says of a start may be anything. */
    private static final long MOST = 1L << 40;

    private Offsets() {}

    /** The same for the same start, whichever service asks. */
    public static long from(Instant startedAt) {
        return Math.clamp(Duration.between(EPOCH, startedAt).toMillis(), 0, MOST) * PER_MILLISECOND;
    }
}
