package dev.sandbridge.http;

import dev.sandbridge.process.OutputSink;
import java.io.ByteArrayOutputStream;
import java.util.EnumMap;
import java.util.Map;

/** Keeps the beginning of each stream of a command and drops the rest, so that the command still runs to its end. */
final class CollectedOutput implements OutputSink {
    private final int limit;
    private final Map<Channel, ByteArrayOutputStream> kept = new EnumMap<>(Channel.class);
    private boolean truncated;

    /** @param limit bytes of each stream */
    CollectedOutput(int limit) {
        this.limit = limit;
    }

    @Override
    public void write(Channel channel, byte[] bytes, int offset, int length) {
        var stream = kept.computeIfAbsent(channel, key -> new ByteArrayOutputStream());
        int fits = Math.min(length, limit - stream.size());
        stream.write(bytes, offset, fits);
        truncated |= fits < length;
    }

    boolean truncated() {
        return truncated;
    }

    byte[] of(Channel channel) {
        var stream = kept.get(channel);
        return stream == null ? new byte[0] : stream.toByteArray();
    }
}
