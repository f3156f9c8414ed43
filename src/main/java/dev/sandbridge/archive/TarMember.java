package dev.sandbridge.archive;

import java.time.Instant;

/**
 * A member as an archive names it, before any rule.
 *
 * @param type the header's type flag, 'S' for every kind of sparse file
 * @param link what the header says where links have their target
 */
record TarMember(String name, char type, int mode, long size, Instant modified, long uid, long gid, String link) {
    static final char FILE = '0';
    static final char OLD_FILE = '\0';
    static final char CONTIGUOUS_FILE = '7';
    static final char HARD_LINK = '1';
    static final char SYMLINK = '2';
    static final char DIRECTORY = '5';
    static final char SPARSE = 'S';

    @Override
    public String toString() {
        return "TarMember[" + (int) type + ", " + size + " bytes]";
    }
}
