package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.util.BitSet;

/** Which ranges of host ids are taken; a sandbox's files belong to its range, so no two may share one. Thread-safe. */
final class IdRanges {
    /** First host id of range 0: above what distributions give to people and containers (systemd.io/UIDS-GIDS). */
    private static final long FIRST_ID = 0x2000_0000L;

    private static final int IDS = 65_536;
    private static final int RANGES = 16_384;

    private final BitSet taken = new BitSet();

    static long firstId(int range) {
        return FIRST_ID + (long) range * IDS;
    }

    synchronized int take() {
        int free = taken.nextClearBit(0);
        if (free >= RANGES) {
            throw new SandboxException(
                    ErrorCode.CAPACITY_EXCEEDED, "this machine has no user ids left for another sandbox");
        }
        taken.set(free);
        return free;
    }

    synchronized void taken(int range) {
        taken.set(range);
    }

    synchronized void free(int range) {
        taken.clear(range);
    }
}
