package dev.sandbridge.archive;

/** A small number for each of very many paths, by their hashes: 17 bytes a slot, half of them used or more. */
final class PathTable {
    private long[] keys = new long[2 << 10];
    private byte[] values = new byte[1 << 10];
    private int size;

    int size() {
        return size;
    }

    /** The number kept for the path just hashed; 0 if there is none. */
    byte get(PathHash path) {
        return values[slot(path.high(), path.low())];
    }

    /** Keeps a number other than 0. */
    void put(PathHash path, int value) {
        int slot = slot(path.high(), path.low());
        if (values[slot] == 0) {
            if (++size > values.length / 4 * 3) {
                grow();
                slot = slot(path.high(), path.low());
            }
            keys[2 * slot] = path.high();
            keys[2 * slot + 1] = path.low();
        }
        values[slot] = (byte) value;
    }

    private int slot(long high, long low) {
        int mask = values.length - 1;
        int slot = (int) (high ^ high >>> 31) & mask;
        while (values[slot] != 0 && (keys[2 * slot] != high || keys[2 * slot + 1] != low)) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private void grow() {
        long[] oldKeys = keys;
        byte[] oldValues = values;
        keys = new long[oldKeys.length * 2];
        values = new byte[oldValues.length * 2];
        for (int i = 0; i < oldValues.length; i++) {
            if (oldValues[i] != 0) {
                int slot = slot(oldKeys[2 * i], oldKeys[2 * i + 1]);
                keys[2 * slot] = oldKeys[2 * i];
                keys[2 * slot + 1] = oldKeys[2 * i + 1];
                values[slot] = oldValues[i];
            }
        }
    }
}
