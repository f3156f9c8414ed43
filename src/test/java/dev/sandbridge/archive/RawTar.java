package dev.sandbridge.archive;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Tar archives written field by field, so that any of them can be wrong. */
final class RawTar {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** A header in the making. */
    static final class Header {
        private final byte[] block = new byte[512];

        Header(String name, char type) {
            text(0, name).text(100, "0000644").text(108, "0001750").text(116, "0001750");
            text(124, "00000000000").text(136, "14524542425").text(257, "ustar").text(263, "00");
            block[156] = (byte) type;
        }

        Header text(int offset, String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            System.arraycopy(bytes, 0, block, offset, Math.min(bytes.length, block.length - offset));
            return this;
        }

        Header bytes(int offset, int... values) {
            for (int i = 0; i < values.length; i++) {
                block[offset + i] = (byte) values[i];
            }
            return this;
        }

        Header size(long size) {
            return text(124, String.format("%011o", size));
        }

        Header link(String target) {
            return text(157, target);
        }

        byte[] build() {
            return withChecksum(0);
        }

        byte[] withChecksum(int wrongBy) {
            text(148, String.format("%06o", TarHeader.checksum(block) + wrongBy))
                    .bytes(154, 0, ' ');
            return block;
        }
    }

    RawTar raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    RawTar header(Header header) {
        return raw(header.build());
    }

    RawTar member(String name, char type) {
        return header(new Header(name, type));
    }

    RawTar directory(String name) {
        return member(name, '5');
    }

    RawTar link(String name, String target) {
        return header(new Header(name, '2').link(target));
    }

    RawTar file(String name, String content) {
        return content(new Header(name, '0'), content.getBytes(StandardCharsets.UTF_8));
    }

    /** A member with content, of the size that the content has. */
    RawTar content(Header header, byte[] content) {
        header(header.size(content.length)).raw(content);
        return raw(new byte[-content.length & 511]);
    }

    /** An extended header; values are what they are, also if no tar would write them. */
    RawTar pax(char type, String... keysAndValues) {
        var records = new StringBuilder();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            String rest = " " + keysAndValues[i] + "=" + keysAndValues[i + 1] + "\n";
            int length = rest.getBytes(StandardCharsets.UTF_8).length;
            int digits = Integer.toString(length + 2).length();
            records.append(length + digits).append(rest);
        }
        return content(new Header("././@PaxHeader", type), records.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** One of GNU's headers for long names. */
    RawTar gnu(char type, String name) {
        return content(new Header("././@LongLink", type), (name + "\0").getBytes(StandardCharsets.UTF_8));
    }

    /** The archive without its end. */
    byte[] open() {
        return out.toByteArray();
    }

    byte[] build() {
        return raw(new byte[1024]).open();
    }

    static byte[] cut(byte[] bytes, int length) {
        return Arrays.copyOf(bytes, length);
    }
}
