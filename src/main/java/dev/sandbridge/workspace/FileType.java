package dev.sandbridge.workspace;

/** What a directory entry is. */
public enum FileType {
    FILE,
    DIRECTORY,
    SYMLINK,
    /** Fifo, socket or device: listed, never opened. */
    OTHER
}
