package dev.sandbridge.provider.blaxel;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileType;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What {@code stat} says of an entry of a tree, read from a line that is untrusted: mode in hexadecimal digits, links,
 * owner, group, size, time in seconds, the same time as text (which alone has fractions), and what is only compared.
 */
record TreeFacts(FileType type, int mode, long links, long uid, long gid, long size, Instant modified) {
    private static final int FIELDS = 10;
    private static final int TYPE = 0170000;

    static TreeFacts of(byte[] line) {
        String[] fields = new String(line, StandardCharsets.US_ASCII).split("/", -1);
        if (fields.length != FIELDS) {
            throw spoiled();
        }
        try {
            int mode = Integer.parseInt(fields[0], 16);
            FileType type =
                    switch (mode & TYPE) {
                        case 0100000 -> FileType.FILE;
                        case 0040000 -> FileType.DIRECTORY;
                        case 0120000 -> FileType.SYMLINK;
                        default -> FileType.OTHER;
                    };
            return new TreeFacts(
                    type,
                    mode & 07777,
                    Long.parseLong(fields[1]),
                    Long.parseLong(fields[2]),
                    Long.parseLong(fields[3]),
                    type == FileType.FILE ? size(fields[4]) : 0,
                    Instant.ofEpochSecond(Long.parseLong(fields[5]), nanos(fields[6])));
        } catch (NumberFormatException | DateTimeException broken) {
            throw spoiled();
        }
    }

    /** @param target of a symlink, null for everything else */
    TreeEntry entry(String path, @Nullable String target) {
        return new TreeEntry(path, type, mode, size, modified, uid, gid, links, target);
    }

    private static long size(String digits) {
        long size = Long.parseLong(digits);
        if (size < 0) {
            throw spoiled();
        }
        return size;
    }

    /** From "2024-02-03 04:05:06.123456789 +0000"; 0 where an image's stat knows no fractions. */
    private static long nanos(String time) {
        int point = time.indexOf('.');
        if (point < 0) {
            return 0;
        }
        int end = point + 1;
        while (end < time.length() && Character.isDigit(time.charAt(end))) {
            end++;
        }
        String digits = time.substring(point + 1, Math.min(end, point + 10));
        return digits.isEmpty() ? 0 : Long.parseLong(digits + "0".repeat(9 - digits.length()));
    }

    private static SandboxException spoiled() {
        return new SandboxException(ErrorCode.WORKSPACE_READ_FAILED, "the sandbox's answer is no answer");
    }
}
