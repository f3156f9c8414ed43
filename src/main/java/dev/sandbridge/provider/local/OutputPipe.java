package dev.sandbridge.provider.local;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Output of a command. Closing it lets go of the reader only: background children of the command may hold the other
 * end, and must not die of a broken pipe when nobody listens any more, so what they still write is thrown away until
 * the last of them is gone. Owns its descriptor.
 */
final class OutputPipe extends InputStream {
    private final Descriptor descriptor;
    private final FdInputStream in;
    private volatile boolean ended;

    OutputPipe(Descriptor descriptor) {
        this.descriptor = descriptor;
        this.in = new FdInputStream(descriptor);
    }

    @Override
    public int read() throws IOException {
        int b = in.read();
        ended |= b < 0;
        return b;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int count = in.read(bytes, offset, length);
        ended |= count < 0;
        return count;
    }

    @Override
    public int available() throws IOException {
        return in.available();
    }

    @Override
    public void close() {
        if (!ended && !descriptor.isClosed()) {
            try {
                var rest = new FdInputStream(descriptor.duplicate());
                Thread.ofVirtual().name("discard").start(() -> discard(rest));
            } catch (IOException closedOrNoDescriptorLeft) {
                // Then whoever still writes meets a broken pipe, as in any shell.
            }
        }
        in.close();
    }

    private static void discard(FdInputStream rest) {
        try (rest) {
            rest.transferTo(OutputStream.nullOutputStream());
        } catch (IOException ended) {
            // Nobody is interested in these bytes.
        }
    }
}
