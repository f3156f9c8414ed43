package dev.sandbridge.archive;

import dev.sandbridge.workspace.FileNames;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** One header block as it stands, its checksum verified. */
final class TarHeader {
    static final int BLOCK = 512;

    private static final int CHECKSUM = 148;
    private static final int MAGIC = 257;

    private final byte[] block;

    /** Reads in {@code block}, which must not change as long as this is used. */
    TarHeader(byte[] block) {
        this.block = block;
        if (number(CHECKSUM, 8, "checksum") != checksum(block)) {
            throw Refusal.invalid("wrong header checksum");
        }
    }

    /** The sum of all bytes of a header, the checksum itself taken for spaces. */
    static int checksum(byte[] block) {
        int sum = 8 * ' ';
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= CHECKSUM && i < CHECKSUM + 8 ? 0 : block[i] & 0xFF;
        }
        return sum;
    }

    static boolean isZero(byte[] block) {
        for (byte b : block) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    char type() {
        return (char) (block[156] & 0xFF);
    }

    String name() {
        String name = text(0, 100);
        return matches("ustar\0") && block[345] != 0 ? text(345, 155) + "/" + name : name;
    }

    String link() {
        return text(157, 100);
    }

    int mode() {
        return (int) (number(100, 8, "mode") & 07777);
    }

    long uid() {
        return number(108, 8, "uid");
    }

    long gid() {
        return number(116, 8, "gid");
    }

    long size() {
        long size = number(124, 12, "size");
        if (size < 0) {
            throw Refusal.invalid("negative size");
        }
        return size;
    }

    /** Seconds since 1970. */
    long modified() {
        return number(136, 12, "mtime");
    }

    private boolean matches(String magic) {
        for (int i = 0; i < magic.length(); i++) {
            if (block[MAGIC + i] != magic.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private String text(int offset, int length) {
        int end = offset;
        boolean ascii = true;
        while (end < offset + length && block[end] != 0) {
            ascii &= block[end++] > 0;
        }
        if (ascii) {
            return new String(block, offset, end - offset, StandardCharsets.US_ASCII);
        }
        return FileNames.decode(Arrays.copyOfRange(block, offset, end));
    }

    private long number(int offset, int length, String field) {
        int first = block[offset] & 0xFF;
        return first == 0x80 || first == 0xFF ? binary(offset, length, field) : octal(offset, length, field);
    }

    /** Octal digits between optional spaces, ended by space, NUL or the field's end; nothing at all is 0. */
    private long octal(int offset, int length, String field) {
        int i = offset;
        int end = offset + length;
        while (i < end && block[i] == ' ') {
            i++;
        }
        long value = 0;
        while (i < end && block[i] >= '0' && block[i] <= '7') {
            value = value << 3 | block[i++] - '0';
        }
        while (i < end) {
            byte rest = block[i++];
            if (rest != ' ' && rest != 0) {
                throw Refusal.invalid("field " + field + " is no number");
            }
        }
        return value;
    }

    /** Two's complement, most significant byte first; the first byte only says so and gives the sign. */
    private long binary(int offset, int length, String field) {
        boolean negative = (block[offset] & 0xFF) == 0xFF;
        long value = negative ? -1 : 0;
        for (int i = offset + 1; i < offset + length; i++) {
            if (value >> 55 != (negative ? -1 : 0)) {
                throw Refusal.invalid("field " + field + " is too large");
            }
            value = value << 8 | (block[i] & 0xFF);
        }
        if (value < 0 != negative) {
            throw Refusal.invalid("field " + field + " is too large");
        }
        return value;
    }
}
