package dev.sandbridge.archive;

import java.io.IOException;
import java.io.InputStream;

/** A stream that may give so many bytes and no more. */
final class CountedInput extends InputStream {
    private final InputStream in;
    private final long limit;
    private long count;

    CountedInput(InputStream in, long limit) {
        this.in = in;
        this.limit = limit;
    }

    /** Bytes given so far. */
    long count() {
        return count;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        int n = in.read(into, offset, length);
        if (n > 0) {
            count += n;
            if (count > limit) {
                throw Refusal.limit(Refusal.ARCHIVE, "archive input size exceeds limit", limit, count);
            }
        }
        return n;
    }
}
