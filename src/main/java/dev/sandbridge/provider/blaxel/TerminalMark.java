package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How far a terminal's output was passed on, so that another service can count on from there: the bytes up to that
 * place, and the last of them, by which the place is found in what Blaxel still has.
 *
 * @param total bytes of output
 * @param tail the last of them, never a part of a character
 */
record TerminalMark(long total, byte[] tail) {
    /** Nothing was told, or it cannot be read. */
    static final TerminalMark NONE = new TerminalMark(0, new byte[0]);

    /** Longer than what programs repeat, and short enough to be written every now and then. */
    static final int LONGEST = 4096;

    private static final Pattern FORM = Pattern.compile("([0-9]{1,16}) ((?:[0-9a-f]{2}){0," + LONGEST + "})\\.");
    private static final byte[] OURS = TerminalNotice.utf8("[sandbridge: ");
    private static final byte[] OURS_END = TerminalNotice.utf8("]\r\n");

    /**
     * Of so many bytes, of which these are the last. What follows a notice of ours counts only, for Blaxel has not
     * shown that.
     */
    static TerminalMark of(long total, byte[] last) {
        int to = last.length;
        int begun = to;
        while (begun > 0 && to - begun < 3 && (last[begun - 1] & 0xC0) == 0x80) {
            begun--;
        }
        if (begun > 0 && last[begun - 1] < 0 && to - begun + 1 < length(last[begun - 1])) {
            to = begun - 1;
        }
        int from = Math.max(0, to - LONGEST);
        for (int at = to - OURS.length; at >= from; at--) {
            if (Arrays.equals(last, at, at + OURS.length, OURS, 0, OURS.length)) {
                from = Math.max(from, end(last, at, to));
            }
        }
        while (from < to && total > to - from && (last[from] & 0xC0) == 0x80) {
            from++;
        }
        return new TerminalMark(total - (last.length - to), Arrays.copyOfRange(last, from, to));
    }

    static TerminalMark parse(String text) {
        Matcher form = FORM.matcher(text);
        return form.matches()
                ? new TerminalMark(Long.parseLong(form.group(1)), HexFormat.of().parseHex(form.group(2)))
                : NONE;
    }

    String text() {
        return total + " " + HexFormat.of().formatHex(tail) + ".";
    }

    /** The offset of a replay's first byte; empty where the place is not in it, or may be at several. */
    OptionalLong start(byte[] replay) {
        byte[] wanted = TerminalReplay.alike(tail);
        byte[] shown = TerminalReplay.alike(replay);
        if (wanted.length == 0 || wanted.length < TerminalReplay.CERTAIN && total > tail.length) {
            return OptionalLong.empty();
        }
        int found = -1;
        for (int at = 0; at + wanted.length <= shown.length; at++) {
            if (Arrays.equals(shown, at, at + wanted.length, wanted, 0, wanted.length)) {
                if (found >= 0) {
                    return OptionalLong.empty();
                }
                found = at + wanted.length;
            }
        }
        long start = total - TerminalReplay.offset(replay, Math.max(0, found));
        return found < 0 || start < 0 ? OptionalLong.empty() : OptionalLong.of(start);
    }

    private static int length(byte first) {
        return (first & 0xE0) == 0xC0 ? 2 : (first & 0xF0) == 0xE0 ? 3 : (first & 0xF8) == 0xF0 ? 4 : 1;
    }

    private static int end(byte[] bytes, int from, int to) {
        for (int at = from; at + OURS_END.length <= to; at++) {
            if (Arrays.equals(bytes, at, at + OURS_END.length, OURS_END, 0, OURS_END.length)) {
                return at + OURS_END.length;
            }
        }
        return to;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TerminalMark mark && mark.total == total && Arrays.equals(mark.tail, tail);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(total);
    }

    @Override
    public String toString() {
        return total + " bytes, the last of them " + new String(tail, UTF_8);
    }
}
