package dev.sandbridge.archive;

import java.io.IOException;
import java.io.InputStream;

/** One member's content, and after it the padding to a whole block. */
final class TarContent extends InputStream {
    private final InputStream in;
    private final String member;
    private long left;
    private int padding;

    TarContent(InputStream in, String member, long size) {
        this.in = in;
        this.member = member;
        this.left = size;
        this.padding = (int) (-size & TarHeader.BLOCK - 1);
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (left == 0) {
            return -1;
        }
        int n = in.read(into, offset, (int) Math.min(length, left));
        if (n < 0) {
            throw Refusal.truncated(member, Refusal.MISSING_PAYLOAD);
        }
        left -= n;
        return n;
    }

    /** Goes on to the next header. */
    void skipRest() throws IOException {
        if (left > 0) {
            var unread = new byte[8 << 10];
            while (left > 0) {
                read(unread, 0, unread.length);
            }
        }
        if (padding > 0 && in.readNBytes(new byte[padding], 0, padding) < padding) {
            throw Refusal.truncated(member, Refusal.TRUNCATED);
        }
        padding = 0;
    }
}
