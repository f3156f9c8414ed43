package dev.sandbridge.provider.local;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Objects;

/**
 * Reads a pipe or terminal. A read blocks the calling thread, never its carrier, and takes what is there; it ends
 * with the last writer, or by {@link #close} from another thread. Used by one reading thread at a time. Owns its
 * descriptor. As a channel it reads into direct memory without a copy between.
 */
final class FdInputStream extends InputStream implements ReadableByteChannel {
    private final Descriptor descriptor;

    FdInputStream(Descriptor descriptor) {
        this.descriptor = descriptor;
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
        return take((fd, buffer) -> {
            long count = FdCalls.read(fd, buffer, buffer.data(), Math.min(length, NativeBuffer.SIZE));
            if (count > 0) {
                MemorySegment.copy(buffer.data(), ValueLayout.JAVA_BYTE, 0, bytes, offset, (int) count);
            }
            return count;
        });
    }

    /** Like {@link #read(byte[], int, int)}. */
    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!target.hasRemaining()) {
            return 0;
        }
        if (!target.isDirect()) {
            var bytes = new byte[Math.min(target.remaining(), NativeBuffer.SIZE)];
            int count = read(bytes, 0, bytes.length);
            target.put(bytes, 0, Math.max(0, count));
            return count;
        }
        var memory = MemorySegment.ofBuffer(target);
        int count = take((fd, buffer) -> FdCalls.read(fd, buffer, memory, memory.byteSize()));
        target.position(target.position() + Math.max(0, count));
        return count;
    }

    @Override
    public boolean isOpen() {
        return !descriptor.isClosed();
    }

    /** One read(2): bytes, 0 at the end, or {@code -errno}. */
    @FunctionalInterface
    private interface Reading {
        long read(int fd, NativeBuffer buffer);
    }

    private int take(Reading reading) throws IOException {
        int fd = descriptor.enter();
        try {
            while (true) {
                boolean finished = descriptor.isFinished();
                long count;
                try (var buffer = NativeBuffer.lease()) {
                    count = reading.read(fd, buffer);
                }
                if (count > 0) {
                    return (int) count;
                }
                if (count == 0 || count == -Errno.EIO || count == -Errno.EAGAIN && finished) {
                    // A terminal answers EIO once its last process is gone; pipes never do.
                    return -1;
                }
                if (count == -Errno.EAGAIN) {
                    descriptor.await(Poller.Direction.READ);
                } else if (count != -Errno.EINTR) {
                    throw Errno.failure("read", count);
                }
            }
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public int available() throws IOException {
        int fd = descriptor.enter();
        try {
            int count = FdCalls.available(fd);
            if (count < 0) {
                throw Errno.failure("available", count);
            }
            return count;
        } finally {
            descriptor.leave();
        }
    }

    @Override
    public long transferTo(OutputStream out) throws IOException {
        var buffer = new byte[NativeBuffer.SIZE];
        long total = 0;
        for (int n = read(buffer, 0, buffer.length); n >= 0; n = read(buffer, 0, buffer.length)) {
            out.write(buffer, 0, n);
            total += n;
        }
        return total;
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
