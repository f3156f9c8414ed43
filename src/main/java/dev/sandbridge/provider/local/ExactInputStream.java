package dev.sandbridge.provider.local;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Objects;

/** Exactly so many bytes of a stream: fewer are a failure, never a short file. */
final class ExactInputStream extends InputStream implements ReadableByteChannel {
    private static final int CHUNK = NativeBuffer.SIZE;

    private final InputStream in;
    private final ReadableByteChannel channel;
    private final Runnable close;
    private long left;

    /** @param close run when this is closed; may be run more than once */
    ExactInputStream(InputStream in, long length, Runnable close) {
        this.in = in;
        this.channel = in instanceof ReadableByteChannel direct ? direct : Channels.newChannel(in);
        this.left = length;
        this.close = close;
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
        return taken(in.read(bytes, offset, (int) Math.min(length, left)));
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (left == 0) {
            return -1;
        }
        int limit = target.limit();
        target.limit((int) Math.min(limit, target.position() + left));
        try {
            return taken(channel.read(target));
        } finally {
            target.limit(limit);
        }
    }

    private int taken(int count) throws EOFException {
        if (count < 0) {
            throw new EOFException("the file became shorter while it was read: " + left + " bytes are missing");
        }
        left -= count;
        return count;
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    @Override
    public int available() throws IOException {
        return (int) Math.min(left, in.available());
    }

    @Override
    public long transferTo(OutputStream out) throws IOException {
        long total = left;
        var buffer = new byte[CHUNK];
        for (int n = read(buffer, 0, buffer.length); n >= 0; n = read(buffer, 0, buffer.length)) {
            out.write(buffer, 0, n);
        }
        return total;
    }

    @Override
    public void close() {
        close.run();
    }
}
