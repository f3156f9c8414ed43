package dev.sandbridge.provider.local;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.archive.Vanished;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.provider.SandboxTree;
import dev.sandbridge.workspace.FileType;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads what the verb {@code walk} tells. Holds one record at a time, and the first paths that were gone. */
final class LocalTreeReader implements SandboxTree.Reader {
    private static final String FAILED = "error\0";

    private final Started verb;
    private final InputStream in;
    private final Vanished vanished = new Vanished();
    private final Content content = new Content();
    private boolean ended;

    LocalTreeReader(Started verb) {
        this.verb = verb;
        this.in = new BufferedInputStream(verb.stdout(), NativeBuffer.SIZE);
    }

    @Override
    public @Nullable TreeEntry next() throws IOException {
        content.skipRest();
        while (!ended) {
            ByteBuffer record = record();
            byte kind = record.get();
            if (kind == TreeRecords.END) {
                ended = true;
            } else if (kind == TreeRecords.GONE) {
                vanished.add(TreeRecords.gone(record));
            } else {
                TreeEntry entry = TreeRecords.entry(kind, record);
                if (entry.type() == FileType.FILE) {
                    content.begin(kind, entry.size(), record);
                }
                return entry;
            }
        }
        return null;
    }

    private ByteBuffer record() throws IOException {
        byte[] head = in.readNBytes(Integer.BYTES);
        if (head.length < Integer.BYTES) {
            throw new IOException("reading the workspace ended early: " + fault());
        }
        int length = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt();
        if (length < 1 || length > TreeRecords.LONGEST) {
            throw new IOException("a record of a tree of " + length + " bytes");
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("a record of a tree was cut short");
        }
        throwIfFailed(bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The verb's last word when it fails has the form of every verb's. */
    private static void throwIfFailed(byte[] record) {
        var mark = FAILED.getBytes(StandardCharsets.US_ASCII);
        if (record.length > mark.length
                && ByteBuffer.wrap(record, 0, mark.length).equals(ByteBuffer.wrap(mark))) {
            String errno = new String(record, StandardCharsets.UTF_8).split("\0", 3)[1];
            byte[] fault = ("walk " + errno).getBytes(StandardCharsets.US_ASCII);
            throw FileErrors.of(ErrorCode.WORKSPACE_READ_FAILED, FileVerb.fault(fault));
        }
    }

    private String fault() throws IOException {
        return new String(verb.fault().readNBytes(100), StandardCharsets.UTF_8);
    }

    @Override
    public InputStream content() {
        return content;
    }

    @Override
    public boolean changed() {
        return content.left == 0 && content.changed;
    }

    @Override
    public Vanished vanished() {
        return vanished;
    }

    @Override
    public void close() {
        verb.close();
    }

    /** Content of the file last told: from its record, or from the pipe with a byte behind it. */
    private final class Content extends InputStream {
        private @Nullable ByteBuffer inline;
        private long left;
        private boolean changed;

        void begin(byte kind, long size, ByteBuffer record) throws IOException {
            left = size;
            changed = false;
            inline = null;
            if (kind == TreeRecords.SMALL_FILE) {
                if (record.remaining() != size + 1) {
                    throw new IOException("a file's content is not of its size");
                }
                changed = record.get() != 0;
                inline = record;
            } else if (size == 0) {
                throw new IOException("a large file of no bytes");
            }
        }

        void skipRest() throws IOException {
            if (inline != null) {
                left = 0;
            }
            skipNBytes(left);
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            if (length == 0) {
                return 0;
            }
            if (left == 0) {
                return -1;
            }
            int part = (int) Math.min(length, left);
            if (inline != null) {
                inline.get(bytes, offset, part);
            } else {
                part = in.read(bytes, offset, part);
            }
            if (part < 0) {
                throw new EOFException("reading the workspace ended within a file");
            }
            left -= part;
            if (left == 0 && inline == null) {
                changed = in.read() != 0;
            }
            return part;
        }

        @Override
        public int available() {
            return inline == null ? 0 : (int) left;
        }
    }
}
