package dev.sandbridge.pty;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Text cut to what a model may read, from its middle. A token is taken for four bytes of UTF-8.
 *
 * @param text at most the limit's bytes, all that is added here included
 * @param originalTokens of the whole text; null where nothing was cut
 */
public record TokenTruncation(String text, @Nullable Integer originalTokens) {
    private static final int BYTES_PER_TOKEN = 4;

    /**
     * Keeps beginning and end, with the number of lines before and a note between them as far as there is room.
     *
     * @param maxTokens null for no limit; a negative one counts as 0
     */
    public static TokenTruncation of(String text, @Nullable Integer maxTokens) {
        byte[] whole = text.getBytes(UTF_8);
        if (maxTokens == null) {
            return new TokenTruncation(text, null);
        }
        long room = (long) Math.max(0, maxTokens) * BYTES_PER_TOKEN;
        if (whole.length <= room) {
            return new TokenTruncation(text, null);
        }
        String lines = "Total output lines: " + text.lines().count() + "\n\n";
        return new TokenTruncation(cut(whole, (int) room, lines), tokens(whole.length));
    }

    private static String cut(byte[] whole, int room, String lines) {
        byte[] largestMarker = marker(whole.length).getBytes(UTF_8);
        int prefix = lines.length() + largestMarker.length <= room ? lines.length() : 0;
        int left = room - prefix - largestMarker.length;
        if (left < 0) {
            return new String(largestMarker, 0, start(largestMarker, room), UTF_8);
        }
        int head = start(whole, left / 2);
        int tail = end(whole, whole.length - (left - left / 2));
        return (prefix > 0 ? lines : "")
                + new String(whole, 0, head, UTF_8)
                + marker(tail - head)
                + new String(Arrays.copyOfRange(whole, tail, whole.length), UTF_8);
    }

    private static String marker(int bytes) {
        return "…" + tokens(bytes) + " tokens truncated…";
    }

    private static int tokens(int bytes) {
        return (int) (((long) bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN);
    }

    /** The last place up to this one where a character begins. */
    private static int start(byte[] bytes, int at) {
        int place = at;
        while (place > 0 && isWithinCharacter(bytes, place)) {
            place--;
        }
        return place;
    }

    /** The first place from this one on where a character begins. */
    private static int end(byte[] bytes, int at) {
        int place = at;
        while (isWithinCharacter(bytes, place)) {
            place++;
        }
        return place;
    }

    private static boolean isWithinCharacter(byte[] bytes, int at) {
        return at < bytes.length && (bytes[at] & 0xC0) == 0x80;
    }
}
