package dev.sandbridge.process;

import java.io.IOException;
import java.util.EnumMap;

/**
 * Cuts output only between UTF-8 characters, for readers that decode every piece alone (the JavaScript SDK does). At
 * most three bytes of a stream are held back until the next piece or {@link #flush}; bytes that are not UTF-8 pass
 * unchanged.
 */
public final class WholeCharacters implements OutputSink {
    private static final int LONGEST = 4;

    private final OutputSink next;
    private final EnumMap<Channel, byte[]> held = new EnumMap<>(Channel.class);

    public WholeCharacters(OutputSink next) {
        this.next = next;
    }

    @Override
    public void write(Channel channel, byte[] bytes, int offset, int length) throws IOException {
        byte[] before = held.remove(channel);
        if (before != null) {
            var joined = new byte[before.length + length];
            System.arraycopy(before, 0, joined, 0, before.length);
            System.arraycopy(bytes, offset, joined, before.length, length);
            pass(channel, joined, 0, joined.length);
        } else {
            pass(channel, bytes, offset, length);
        }
    }

    /** Passes on what is held back; the output is at its end. */
    public void flush() throws IOException {
        for (Channel channel : Channel.values()) {
            byte[] rest = held.remove(channel);
            if (rest != null) {
                next.write(channel, rest, 0, rest.length);
            }
        }
    }

    private void pass(Channel channel, byte[] bytes, int offset, int length) throws IOException {
        int hold = unfinished(bytes, offset, length);
        if (hold > 0) {
            var rest = new byte[hold];
            System.arraycopy(bytes, offset + length - hold, rest, 0, hold);
            held.put(channel, rest);
        }
        if (length > hold) {
            next.write(channel, bytes, offset, length - hold);
        }
    }

    /** How many bytes at the end begin a character that the piece does not finish. */
    public static int unfinished(byte[] bytes, int offset, int length) {
        for (int back = 1; back < LONGEST && back <= length; back++) {
            int b = bytes[offset + length - back] & 0xFF;
            if ((b & 0xC0) == 0x80) {
                continue;
            }
            int needed = b >= 0xF0 && b <= 0xF4 ? 4 : b >= 0xE0 && b < 0xF0 ? 3 : b >= 0xC2 && b < 0xE0 ? 2 : 1;
            return needed > back ? back : 0;
        }
        return 0;
    }
}
