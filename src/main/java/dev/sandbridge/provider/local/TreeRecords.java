package dev.sandbridge.provider.local;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.workspace.FileNames;
import dev.sandbridge.workspace.FileType;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.DateTimeException;
import java.time.Instant;

/**
 * Entries of a tree as the resident's verbs {@code walk} and {@code replace} speak of them. What comes was written
 * inside the sandbox, so it is untrusted; what is malformed is an {@link IOException}.
 */
final class TreeRecords {
    /** Contents up to this travel within their record. */
    static final int INLINE = 64 * 1024;

    /** A whole record: content, two long paths and some numbers. */
    static final int LONGEST = INLINE + 4 * 64 * 1024;

    static final byte DIRECTORY = 'd';
    static final byte SYMLINK = 'l';
    static final byte OTHER = 'o';
    static final byte SMALL_FILE = 'f';
    static final byte LARGE_FILE = 'F';
    static final byte GONE = 'v';
    static final byte END = 'x';

    /** The bit that makes a run of a large file a hole. */
    static final int HOLE = 1 << 31;

    private TreeRecords() {}

    /** An entry whose kind was read; the buffer then stands at what follows it. */
    static TreeEntry entry(byte kind, ByteBuffer record) throws IOException {
        try {
            int mode = record.getShort() & 07777;
            long seconds = record.getLong();
            int nanos = record.getInt();
            long size = record.getLong();
            long uid = Integer.toUnsignedLong(record.getInt());
            long gid = Integer.toUnsignedLong(record.getInt());
            long links = Integer.toUnsignedLong(record.getInt());
            String path = text(record);
            String target = text(record);
            if (size < 0) {
                throw new IOException("a file of negative size");
            }
            boolean link = kind == SYMLINK;
            return new TreeEntry(
                    path,
                    type(kind),
                    mode,
                    size,
                    Instant.ofEpochSecond(seconds, nanos),
                    uid,
                    gid,
                    links,
                    link ? target : null);
        } catch (BufferUnderflowException | DateTimeException malformed) {
            throw new IOException("a malformed record of a tree", malformed);
        }
    }

    private static FileType type(byte kind) throws IOException {
        return switch (kind) {
            case DIRECTORY -> FileType.DIRECTORY;
            case SYMLINK -> FileType.SYMLINK;
            case SMALL_FILE, LARGE_FILE -> FileType.FILE;
            case OTHER -> FileType.OTHER;
            default -> throw new IOException("a record of unknown kind in a tree");
        };
    }

    private static String text(ByteBuffer record) throws IOException {
        int length = record.getInt();
        if (length < 0 || length > record.remaining()) {
            throw new IOException("a malformed record of a tree");
        }
        var bytes = new byte[length];
        record.get(bytes);
        return FileNames.decode(bytes);
    }

    /** The path of a record of {@link #GONE}. */
    static String gone(ByteBuffer record) throws IOException {
        try {
            return text(record.position(record.position() + Short.BYTES + Long.BYTES * 2 + Integer.BYTES * 4));
        } catch (IllegalArgumentException | BufferUnderflowException malformed) {
            throw new IOException("a malformed record of a tree", malformed);
        }
    }

    /** An entry for {@code replace}; its content follows within the record. */
    static byte[] head(byte kind, TreeEntry entry, int content) {
        byte[] path = FileNames.encode(entry.path());
        String link = entry.target();
        byte[] target = link == null ? new byte[0] : FileNames.encode(link);
        int fixed = 1 + Short.BYTES + Long.BYTES + Integer.BYTES * 3;
        int length = fixed + path.length + target.length;
        return ByteBuffer.allocate(Integer.BYTES + length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(length + content)
                .put(kind)
                .putShort((short) entry.mode())
                .putLong(entry.modified().getEpochSecond())
                .putInt(entry.modified().getNano())
                .putInt(path.length)
                .put(path)
                .putInt(target.length)
                .put(target)
                .array();
    }

    /** A record of a kind alone. */
    static byte[] bare(byte kind) {
        return new byte[] {1, 0, 0, 0, kind};
    }

    static byte[] number(int number) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(number)
                .array();
    }
}
