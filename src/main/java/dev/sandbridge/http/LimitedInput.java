package dev.sandbridge.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;

/** A request body that may not be longer than a limit, whatever its headers say. */
final class LimitedInput extends FilterInputStream {
    private final long limit;
    private long taken;

    LimitedInput(InputStream in, long limit) {
        super(in);
        this.limit = limit;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int n = fromCaller(bytes, offset, length);
        taken += Math.max(n, 0);
        if (taken > limit) {
            throw new TooLong(limit);
        }
        return n;
    }

    /** A body cannot fail but by the caller's doing; an interrupt is a time limit of ours. */
    private int fromCaller(byte[] bytes, int offset, int length) throws IOException {
        try {
            return in.read(bytes, offset, length);
        } catch (InterruptedIOException ours) {
            throw ours;
        } catch (IOException theirs) {
            throw new CallerGone();
        }
    }

    /** The door reads what is left, or closes the connection; not the reader of a part. */
    @Override
    public void close() {}

    /** The body went on past the limit. An IOException, because it passes through code that reads streams. */
    static final class TooLong extends IOException {
        private static final long serialVersionUID = 1L;

        TooLong(long limit) {
            super("the body is longer than " + limit + " bytes");
        }
    }
}
