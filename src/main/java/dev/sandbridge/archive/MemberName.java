package dev.sandbridge.archive;

import dev.sandbridge.workspace.FileNames;
import org.jspecify.annotations.Nullable;

/** What names may be, in archives and therefore in trees that are packed. */
final class MemberName {
    private static final int SEGMENT = 255;
    private static final int LONGEST_CHARACTER = 3;

    private MemberName() {}

    /** The rule that a member's name breaks as it stands in the archive, or null. */
    static @Nullable String violation(String name) {
        if (name.length() > 1 && name.charAt(1) == ':' && isLetter(name.charAt(0))) {
            return "windows drive path";
        }
        if (name.indexOf('\\') >= 0) {
            return "windows path separator";
        }
        if (name.startsWith("/")) {
            return "absolute path";
        }
        return null;
    }

    /** The rule that a normal path breaks, or null. */
    static @Nullable String violation(String path, ArchiveLimits limits) {
        if (path.indexOf('\\') >= 0) {
            return "windows path separator";
        }
        if (path.indexOf('\0') >= 0) {
            return "nul character in a name";
        }
        int depth = 0;
        for (String part : path.split("/", -1)) {
            if (part.equals("..")) {
                return "parent traversal";
            }
            if (isLonger(part, SEGMENT)) {
                return "archive name length exceeds limit";
            }
            depth++;
        }
        if (isLonger(path, limits.nameBytes())) {
            return "archive name length exceeds limit";
        }
        return depth > limits.depth() ? "archive path depth exceeds limit" : null;
    }

    /** The path without empty and single-dot segments; {@code ..} stays, to be refused. */
    static String normalize(String name) {
        var path = new StringBuilder(name.length());
        for (String part : name.split("/")) {
            if (!part.isEmpty() && !part.equals(".")) {
                path.append(path.isEmpty() ? "" : "/").append(part);
            }
        }
        return path.toString();
    }

    static boolean isLonger(String name, int bytes) {
        return name.length() * LONGEST_CHARACTER > bytes && FileNames.encode(name).length > bytes;
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
}
