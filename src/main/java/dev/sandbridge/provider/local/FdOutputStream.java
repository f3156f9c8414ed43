package dev.sandbridge.provider.local;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * Writes a pipe or terminal, unbuffered. A write blocks the calling thread, never its carrier, until all bytes are in
 * the pipe; it fails when nobody reads any more, or by {@link #close} from another thread. Used by one writing thread
 * at a time. Owns its descriptor.
 */
final class FdOutputStream extends OutputStream {
    private final Descriptor descriptor;

    FdOutputStream(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        int fd = descriptor.enter();
        try {
            int done = 0;
            while (done < length) {
                boolean finished = descriptor.isFinished();
                long count = writeNow(fd, bytes, offset + done, length - done);
                if (count > 0) {
                    done += (int) count;
                } else if (count == -Errno.EAGAIN && finished) {
                    throw Errno.failure("write", -Errno.EPIPE);
                } else if (count == -Errno.EAGAIN) {
                    descriptor.await(Poller.Direction.WRITE);
                } else if (count != -Errno.EINTR) {
                    throw Errno.failure("write", count);
                }
            }
        } finally {
            descriptor.leave();
        }
    }

    /**
     * Copies once and offers the copy until the pipe is full, so that a full pipe costs no second copy of the same
     * bytes.
     */
    private static long writeNow(int fd, byte[] bytes, int offset, int length) {
        try (var buffer = NativeBuffer.lease()) {
            int size = Math.min(length, NativeBuffer.SIZE);
            MemorySegment data = buffer.data();
            MemorySegment.copy(bytes, offset, data, ValueLayout.JAVA_BYTE, 0, size);
            int done = 0;
            while (done < size) {
                long count = FdCalls.write(fd, buffer, data.asSlice(done), size - done);
                if (count <= 0) {
                    return done > 0 ? done : count;
                }
                done += (int) count;
            }
            return done;
        }
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
