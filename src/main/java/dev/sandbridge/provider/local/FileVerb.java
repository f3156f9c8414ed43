package dev.sandbridge.provider.local;

import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileNames;
import dev.sandbridge.workspace.FileType;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a file verb of the resident answers: records of fields. It was written inside the sandbox, so it is untrusted;
 * what is malformed is an {@link IOException}.
 */
final class FileVerb {
    /** Two paths of 4096 bytes and some numbers. */
    private static final int LONGEST_RECORD = 16 * 1024;

    private static final int FIELDS = 10;
    private static final long NANOS = 1_000_000_000L;

    private FileVerb() {}

    /** The verb said that it failed. */
    static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;

        private final int errno;

        Failure(int errno, String text) {
            super(text, null, false, false);
            this.errno = errno;
        }

        int errno() {
            return errno;
        }
    }

    /** The fields of the next record, or null at the end. */
    static @Nullable List<String> next(InputStream in) throws IOException, Failure {
        var head = new byte[Integer.BYTES];
        int got = in.readNBytes(head, 0, head.length);
        if (got == 0) {
            return null;
        }
        int length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt();
        if (got < head.length || length < 0 || length > LONGEST_RECORD) {
            throw new IOException("a file record of " + length + " bytes");
        }
        var bytes = new byte[length];
        if (in.readNBytes(bytes, 0, length) < length) {
            throw new EOFException("a file record was cut short");
        }
        var fields = split(bytes);
        if (fields.get(0).equals("error")) {
            throw new Failure(number(fields, 1), fields.size() > 2 ? fields.get(2) : "");
        }
        return fields;
    }

    private static List<String> split(byte[] bytes) {
        var fields = new ArrayList<String>();
        int start = 0;
        for (int i = 0; i <= bytes.length; i++) {
            if (i == bytes.length || bytes[i] == 0) {
                var field = new byte[i - start];
                System.arraycopy(bytes, start, field, 0, field.length);
                fields.add(FileNames.decode(field));
                start = i + 1;
            }
        }
        return fields;
    }

    private static int number(List<String> fields, int index) throws IOException {
        try {
            return Integer.parseInt(fields.get(index));
        } catch (IndexOutOfBoundsException | NumberFormatException malformed) {
            throw new IOException("a malformed file record", malformed);
        }
    }

    /** Reads a record that describes an entry. */
    static FileInfo info(List<String> fields) throws IOException {
        if (fields.size() != FIELDS) {
            throw new IOException("a file record of " + fields.size() + " fields");
        }
        try {
            long mtime = Long.parseLong(fields.get(7));
            var type = type(fields.get(0));
            return new FileInfo(
                    lastSegment(fields.get(8)),
                    type,
                    Integer.parseInt(fields.get(1), 8) & 07777,
                    Long.parseLong(fields.get(2)),
                    Long.parseLong(fields.get(3)),
                    fields.get(4),
                    fields.get(5),
                    Long.parseLong(fields.get(6)),
                    Instant.ofEpochSecond(Math.floorDiv(mtime, NANOS), Math.floorMod(mtime, NANOS)),
                    type == FileType.SYMLINK ? fields.get(9) : null);
        } catch (NumberFormatException | DateTimeException malformed) {
            throw new IOException("a malformed file record", malformed);
        }
    }

    private static FileType type(String word) throws IOException {
        return switch (word) {
            case "file" -> FileType.FILE;
            case "directory" -> FileType.DIRECTORY;
            case "symlink" -> FileType.SYMLINK;
            case "fifo", "socket", "char", "block" -> FileType.OTHER;
            default -> throw new IOException("a file record of unknown type");
        };
    }

    private static String lastSegment(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** What a step before the verb wrote to the fault pipe: {@code <step> <errno> <text>}. */
    static Failure fault(byte[] bytes) {
        var words = new String(bytes, StandardCharsets.UTF_8).split(" ", 3);
        try {
            return new Failure(Integer.parseInt(words[1]), words[0]);
        } catch (IndexOutOfBoundsException | NumberFormatException malformed) {
            return new Failure(Errno.EIO, "it ended without an answer");
        }
    }
}
