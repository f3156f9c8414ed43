package dev.sandbridge.provider.local;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Reads a pipe or terminal. A read blocks the calling thread, never its carrier, and takes what is there; it ends
 * with the last writer, or by {@link #close} from another thread. Used by one reading thread at a time. Owns its
 * descriptor.
 */
final class FdInputStream extends InputStream {
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
        int fd = descriptor.enter();
        try {
            while (true) {
                long count = readNow(fd, bytes, offset, length);
                if (count > 0) {
                    return (int) count;
                }
                if (count == 0 || count == -Errno.EIO) {
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

    private static long readNow(int fd, byte[] bytes, int offset, int length) {
        try (var buffer = NativeBuffer.lease()) {
            long count = FdCalls.read(fd, buffer, Math.min(length, NativeBuffer.SIZE));
            if (count > 0) {
                MemorySegment.copy(buffer.data(), ValueLayout.JAVA_BYTE, 0, bytes, offset, (int) count);
            }
            return count;
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
