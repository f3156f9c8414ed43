package dev.sandbridge.archive;

import java.time.Instant;

/** Times as archives hold them: years 1 to 9999, to the nanosecond. */
final class TarTime {
    static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
    static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

    private static final int LONGEST = 40;

    private TarTime() {}

    static Instant ofSeconds(long seconds) {
        if (seconds < FIRST.getEpochSecond() || seconds > LAST.getEpochSecond()) {
            throw Refusal.invalid("time out of range");
        }
        return Instant.ofEpochSecond(seconds);
    }

    /** Reads seconds with a decimal fraction; what is finer than a nanosecond is cut off. */
    static Instant parse(String text) {
        boolean negative = text.startsWith("-");
        int dot = text.indexOf('.');
        String whole = text.substring(negative ? 1 : 0, Math.max(negative ? 1 : 0, dot < 0 ? text.length() : dot));
        String fraction = dot < 0 ? "" : text.substring(dot + 1);
        if (text.length() > LONGEST || whole.length() > 12 || whole.isEmpty() || !isDigits(whole + fraction)) {
            throw Refusal.invalid("broken time");
        }
        long nanos = Long.parseLong((fraction + "000000000").substring(0, 9));
        long seconds = Long.parseLong(whole);
        var time = negative
                ? ofSeconds(-seconds).minusNanos(nanos)
                : ofSeconds(seconds).plusNanos(nanos);
        return ofSeconds(time.getEpochSecond()).plusNanos(time.getNano());
    }

    /** The shortest text that {@link #parse} reads as this time. */
    static String text(Instant time) {
        long seconds = time.getEpochSecond();
        int nanos = time.getNano();
        boolean negative = seconds < 0;
        if (negative && nanos > 0) {
            seconds++;
            nanos = 1_000_000_000 - nanos;
        }
        var text = new StringBuilder(24).append(negative ? "-" : "").append(Math.abs(seconds));
        if (nanos > 0) {
            text.append('.').append(Integer.toString(1_000_000_000 + nanos), 1, 10);
            while (text.charAt(text.length() - 1) == '0') {
                text.setLength(text.length() - 1);
            }
        }
        return text.toString();
    }

    private static boolean isDigits(String text) {
        return text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
