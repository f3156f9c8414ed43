package dev.sandbridge.provider.blaxel;

import java.util.Arrays;

/**
 * The newest output of a terminal as it was heard, to find the place in a replay at which that left off. Not
 * thread-safe.
 *
 * <p>A replay may hold a character where what was heard holds one U+FFFD for each of its bytes, because Blaxel sends
 * output in pieces and cannot send half a character. So both are compared with every byte outside of ASCII alike.
 */
final class TerminalReplay {
    /** Blaxel keeps this much. */
    private static final int KEPT = 100 << 10;

    /** A replay that is shorter is all there ever was. */
    static final int SATURATED = 90_000;

    /** Fewer bytes that are alike may be alike by chance. */
    static final int CERTAIN = 64;

    private static final byte OTHER = (byte) 0x80;

    private byte[] heard = {};
    private int length;
    private long total;

    /** How a replay goes together with what was heard. */
    enum Join {
        /** It continues that. */
        CONTINUES,
        /** It probably continues that, but output that repeats itself fits at several places. */
        UNCERTAIN,
        /** There is output between them that is lost. */
        GAP,
        /** It is of another shell. */
        FOREIGN
    }

    /** @param rest what was not heard yet */
    record Resumed(Join join, byte[] rest) {}

    void hear(byte[] output) {
        byte[] more = alike(output);
        total += more.length;
        int from = Math.max(0, more.length - KEPT);
        int added = more.length - from;
        if (length + added > heard.length) {
            int kept = Math.min(length, KEPT - added);
            var larger = new byte[Math.min(2 * KEPT, Math.max(256, 2 * (kept + added)))];
            System.arraycopy(heard, length - kept, larger, 0, kept);
            heard = larger;
            length = kept;
        }
        System.arraycopy(more, from, heard, length, added);
        length += added;
    }

    /** Takes the rest of a replay for heard. */
    Resumed resume(byte[] replay) {
        byte[] shown = alike(replay);
        int at;
        Join join;
        if (total == 0 || shown.length < SATURATED && shown.length >= total && endsHeard(shown, (int) total)) {
            at = (int) total;
            join = Join.CONTINUES;
        } else {
            int[] places = places(shown);
            at = places.length == 0 ? 0 : places[0];
            join = places.length > 1
                    ? Join.UNCERTAIN
                    : places.length == 1 ? Join.CONTINUES : shown.length < SATURATED ? Join.FOREIGN : Join.GAP;
        }
        byte[] rest = Arrays.copyOfRange(replay, offset(replay, at), replay.length);
        if (join != Join.FOREIGN) {
            hear(rest);
        }
        return new Resumed(join, rest);
    }

    /** Whether so many bytes of a replay end with what is kept of what was heard. */
    private boolean endsHeard(byte[] shown, int count) {
        int compared = Math.min(length, count);
        return Arrays.equals(shown, count - compared, count, heard, length - compared, length);
    }

    /** Where in a replay what was heard may end, the latest place first: its beginning is then the end of the heard. */
    private int[] places(byte[] shown) {
        int[] fallback = fallback(shown);
        int matched = 0;
        for (int i = Math.max(0, length - shown.length); i < length; i++) {
            while (matched > 0 && (matched == shown.length || shown[matched] != heard[i])) {
                matched = fallback[matched];
            }
            if (matched < shown.length && shown[matched] == heard[i]) {
                matched++;
            }
        }
        var places = new int[2];
        int count = 0;
        // A much shorter beginning would mean that all this was shown twice; one that is little shorter, a repetition.
        for (int place = matched; place >= CERTAIN && count < places.length; place = fallback[place]) {
            if (place < matched / 2) {
                break;
            }
            places[count++] = place;
        }
        return Arrays.copyOf(places, count);
    }

    /** Knuth, Morris and Pratt's table: the longest end of so long a beginning that is a beginning itself. */
    private static int[] fallback(byte[] pattern) {
        var fallback = new int[pattern.length + 1];
        int matched = 0;
        for (int i = 1; i < pattern.length; i++) {
            while (matched > 0 && pattern[i] != pattern[matched]) {
                matched = fallback[matched];
            }
            if (pattern[i] == pattern[matched]) {
                matched++;
            }
            fallback[i + 1] = matched;
        }
        return fallback;
    }

    /** One byte for each that the terminal showed. */
    static byte[] alike(byte[] output) {
        var alike = new byte[output.length];
        int count = 0;
        for (int i = 0; i < output.length; i++) {
            alike[count++] = output[i] >= 0 ? output[i] : OTHER;
            i += isReplacement(output, i) ? 2 : 0;
        }
        return Arrays.copyOf(alike, count);
    }

    /** Where in the output so many of its bytes end, at the end of a character. */
    static int offset(byte[] output, int shown) {
        int at = 0;
        for (int count = 0; count < shown; count++) {
            at += isReplacement(output, at) ? 3 : 1;
        }
        while (at < output.length && (output[at] & 0xC0) == 0x80) {
            at++;
        }
        return at;
    }

    private static boolean isReplacement(byte[] output, int at) {
        return at + 2 < output.length
                && output[at] == (byte) 0xEF
                && output[at + 1] == (byte) 0xBF
                && output[at + 2] == (byte) 0xBD;
    }
}
