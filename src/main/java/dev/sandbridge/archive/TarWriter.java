package dev.sandbridge.archive;

import dev.sandbridge.workspace.FileNames;
import dev.sandbridge.workspace.FileType;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;

/**
 * Writes tar archives that every reader understands in the same way: POSIX headers, extended ones where a value does
 * not fit, names below {@code ./}, numeric owners, no set-id bits. The same entries give the same bytes.
 */
public final class TarWriter {
    private static final int BUFFER = 64 << 10;
    private static final int NAME = 100;
    private static final int PREFIX = 155;
    private static final long OCTAL_7 = 07777777;
    private static final long OCTAL_11 = 077777777777L;

    private final OutputStream out;
    private final boolean forAnyTar;
    private final byte[] block = new byte[TarHeader.BLOCK];
    private long written;

    TarWriter(OutputStream out) {
        this(out, false);
    }

    private TarWriter(OutputStream out, boolean forAnyTar) {
        this.out = new BufferedOutputStream(out, BUFFER);
        this.forAnyTar = forAnyTar;
    }

    /**
     * An archive that is unpacked at once by whatever tar there is: long names as GNU tar writes them, because BusyBox
     * knows no extended headers and passes over those that are left, which give times to the nanosecond.
     */
    public static TarWriter forAnyTar(OutputStream out) {
        return new TarWriter(out, true);
    }

    /** Bytes of the archive so far. */
    long written() {
        return written;
    }

    /** Writes the header; a regular file's content of exactly its size follows, then {@link #pad}. */
    public void header(TreeEntry entry) throws IOException {
        String slash = entry.type() == FileType.DIRECTORY && !entry.path().isEmpty() ? "/" : "";
        byte[] name = FileNames.encode("./" + entry.path() + slash);
        byte[] link = FileNames.encode(entry.target() == null ? "" : entry.target());
        int split = split(name);
        boolean binaryName = !forAnyTar && isBinary(entry.path());
        boolean binaryLink = !forAnyTar && entry.target() != null && isBinary(entry.target());
        var pax = new ByteArrayOutputStream();
        if (binaryName || binaryLink) {
            record(pax, "hdrcharset", ascii("BINARY"));
        }
        if (forAnyTar) {
            longNames(split < 0, name, link);
        } else {
            if (split < 0 || binaryName) {
                record(pax, "path", name);
            }
            if (link.length > NAME || binaryLink) {
                record(pax, "linkpath", link);
            }
        }
        numbers(pax, entry);
        if (pax.size() > 0) {
            extension('x', "././@PaxHeader", pax.toByteArray());
        }
        plain(entry, type(entry.type()));
        int start = Math.max(split, 0);
        bytes(0, NAME, name, split > 0 ? start + 1 : 0);
        if (split > 0) {
            System.arraycopy(name, 0, block, 345, split);
        }
        bytes(157, NAME, link, 0);
        emit();
    }

    /** Writes content. */
    public void write(byte[] bytes, int length) throws IOException {
        out.write(bytes, 0, length);
        written += length;
    }

    /** Fills the last block of a content of this size. */
    public void pad(long size) throws IOException {
        int padding = (int) (-size & TarHeader.BLOCK - 1);
        Arrays.fill(block, (byte) 0);
        write(block, padding);
    }

    /** Ends the archive and hands over all of it. */
    public void finish() throws IOException {
        Arrays.fill(block, (byte) 0);
        write(block, block.length);
        write(block, block.length);
        out.flush();
    }

    private static void numbers(ByteArrayOutputStream pax, TreeEntry entry) {
        if (entry.size() > OCTAL_11) {
            record(pax, "size", ascii(Long.toString(entry.size())));
        }
        if (entry.uid() > OCTAL_7) {
            record(pax, "uid", ascii(Long.toString(entry.uid())));
        }
        if (entry.gid() > OCTAL_7) {
            record(pax, "gid", ascii(Long.toString(entry.gid())));
        }
        Instant modified = entry.modified();
        if (modified.getNano() != 0 || modified.getEpochSecond() < 0 || modified.getEpochSecond() > OCTAL_11) {
            record(pax, "mtime", ascii(TarTime.text(modified)));
        }
    }

    /** A record's length counts its own digits. */
    private static void record(ByteArrayOutputStream pax, String key, byte[] value) {
        int rest = key.length() + value.length + 3;
        int length = rest + Integer.toString(rest).length();
        if (Integer.toString(length).length() > Integer.toString(rest).length()) {
            length++;
        }
        pax.writeBytes(ascii(length + " " + key + "="));
        pax.writeBytes(value);
        pax.write('\n');
    }

    private void longNames(boolean isLong, byte[] name, byte[] link) throws IOException {
        if (isLong) {
            extension('L', "././@LongLink", Arrays.copyOf(name, name.length + 1));
        }
        if (link.length > NAME) {
            extension('K', "././@LongLink", Arrays.copyOf(link, link.length + 1));
        }
    }

    private void extension(char type, String name, byte[] content) throws IOException {
        start(type, 0644, content.length);
        bytes(0, NAME, ascii(name), 0);
        emit();
        write(content, content.length);
        pad(content.length);
    }

    private void plain(TreeEntry entry, char type) {
        start(type, entry.mode() & 01777, entry.size() > OCTAL_11 ? 0 : entry.size());
        octal(108, 8, entry.uid() > OCTAL_7 ? 0 : entry.uid());
        octal(116, 8, entry.gid() > OCTAL_7 ? 0 : entry.gid());
        octal(136, 12, Math.clamp(entry.modified().getEpochSecond(), 0, OCTAL_11));
    }

    private void start(char type, int mode, long size) {
        Arrays.fill(block, (byte) 0);
        octal(100, 8, mode);
        octal(108, 8, 0);
        octal(116, 8, 0);
        octal(124, 12, size);
        octal(136, 12, 0);
        block[156] = (byte) type;
        bytes(257, 8, ascii("ustar\00000"), 0);
    }

    private void emit() throws IOException {
        int sum = TarHeader.checksum(block);
        octal(148, 7, sum);
        block[155] = ' ';
        write(block, block.length);
    }

    private void octal(int offset, int length, long value) {
        long rest = value;
        for (int i = offset + length - 2; i >= offset; i--) {
            block[i] = (byte) ('0' + (rest & 7));
            rest >>>= 3;
        }
    }

    private void bytes(int offset, int length, byte[] from, int start) {
        System.arraycopy(from, start, block, offset, Math.min(length, from.length - start));
    }

    /** Where a name is divided into prefix and rest: 0 if it is not, -1 if it does not fit. */
    private static int split(byte[] name) {
        if (name.length <= NAME) {
            return 0;
        }
        for (int i = Math.min(PREFIX, name.length - 2); i > 0 && name.length - i - 1 <= NAME; i--) {
            if (name[i] == '/') {
                return i;
            }
        }
        return -1;
    }

    private static boolean isBinary(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (Character.isLowSurrogate(name.charAt(i))
                    && (i == 0 || !Character.isHighSurrogate(name.charAt(i - 1)))) {
                return true;
            }
        }
        return false;
    }

    private static char type(FileType type) {
        return switch (type) {
            case FILE -> TarMember.FILE;
            case DIRECTORY -> TarMember.DIRECTORY;
            case SYMLINK -> TarMember.SYMLINK;
            case OTHER -> throw new IllegalArgumentException("special files are not archived");
        };
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
