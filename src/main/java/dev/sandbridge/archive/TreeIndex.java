package dev.sandbridge.archive;

import dev.sandbridge.workspace.FileType;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/** Which paths a tree has and what they are, so that no path is two things, in whatever order they come. */
final class TreeIndex {
    private static final int IMPLIED = 1;
    private static final int DIRECTORY = 2;
    private static final int FILE = 3;
    private static final int SYMLINK = 4;

    private final PathHash hash = new PathHash(new SecureRandom());
    private final PathTable table = new PathTable();
    private boolean repeated;

    /** Takes a path in; the rule that it breaks, or null. */
    @Nullable
    String add(String path, FileType type) {
        hash.reset();
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) == '/') {
                byte parent = table.get(hash);
                if (parent == SYMLINK) {
                    return "archive path descends through symlink: " + path.substring(0, i);
                }
                if (parent == FILE) {
                    return "archive path descends through non-directory: " + path.substring(0, i);
                }
                if (parent == 0) {
                    table.put(hash, IMPLIED);
                }
            }
            hash.add(path.charAt(i));
        }
        byte known = table.get(hash);
        repeated = known == DIRECTORY && type == FileType.DIRECTORY;
        if (known == IMPLIED && type != FileType.DIRECTORY) {
            return type == FileType.SYMLINK
                    ? "archive path descends through symlink: " + path
                    : "archive path descends through non-directory: " + path;
        }
        if (known != 0 && known != IMPLIED && !repeated) {
            return "duplicate archive path: " + path;
        }
        table.put(hash, value(type));
        return null;
    }

    /** Whether the path last added is a directory that was there already. */
    boolean isRepeated() {
        return repeated;
    }

    /** Paths so far, those that others only imply included. */
    int size() {
        return table.size();
    }

    private static int value(FileType type) {
        return switch (type) {
            case DIRECTORY -> DIRECTORY;
            case SYMLINK -> SYMLINK;
            case FILE, OTHER -> FILE;
        };
    }
}
