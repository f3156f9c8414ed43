package dev.sandbridge.process;

import java.io.IOException;

/** Where a command's output goes. Calls never overlap; blocking here slows the command. */
@FunctionalInterface
public interface OutputSink {
    /** The two output streams of a command. */
    enum Channel {
        STDOUT,
        STDERR
    }

    /**
     * Takes one piece of output, of at most 64 KiB; the array belongs to the caller and is reused.
     *
     * @throws IOException when nobody takes output any more; the command is then ended
     */
    void write(Channel channel, byte[] bytes, int offset, int length) throws IOException;
}
