package dev.sandbridge.provider.blaxel;

import java.io.IOException;
import java.io.InputStream;

/** So many bytes of a file, or a failure: never fewer that seem complete. */
final class ExactRange extends InputStream {
    private final InputStream in;
    private long left;
    private boolean closed;

    ExactRange(InputStream in, long length) {
        this.in = in;
        this.left = length;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
        if (closed) {
            throw new IOException("the file is closed");
        }
        if (left == 0) {
            return -1;
        }
        int count = in.read(bytes, from, (int) Math.min(length, left));
        if (count < 0) {
            throw new IOException("the file was cut short while it was read");
        }
        left -= count;
        return count;
    }

    @Override
    public int available() throws IOException {
        return closed ? 0 : (int) Math.min(in.available(), left);
    }

    @Override
    public void close() throws IOException {
        closed = true;
        in.close();
    }
}
