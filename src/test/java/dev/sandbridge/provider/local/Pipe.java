package dev.sandbridge.provider.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A real pipe with both ends as our streams. */
record Pipe(FdInputStream in, FdOutputStream out) implements AutoCloseable {
    static Pipe open(Poller poller) throws IOException {
        var ends = new int[2];
        int result = FdCalls.pipe(ends);
        if (result < 0) {
            throw Errno.failure("pipe", result);
        }
        return new Pipe(
                new FdInputStream(new Descriptor(ends[0], poller)),
                new FdOutputStream(new Descriptor(ends[1], poller)));
    }

    /** How many descriptors this process has open, those of a leak included. */
    static long openDescriptors() throws IOException {
        try (var entries = Files.list(Path.of("/proc/self/fd"))) {
            return entries.count();
        }
    }

    @Override
    public void close() {
        in.close();
        out.close();
    }
}
