package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One range of a file as a caller asks for it (RFC 9110, 14.1.2).
 *
 * @param last included; {@link Long#MAX_VALUE} for the end, wherever that is
 */
record ByteRange(long first, long last) {
    private static final Pattern SYNTAX = Pattern.compile("bytes=([0-9]{0,18})-([0-9]{0,18})");

    /**
     * Reads a Range header. What it does not understand, several ranges too, is no range: the whole file is a correct
     * answer then. The same holds with {@code If-Range}, because files have no validator here.
     *
     * @param size asked only for a range that counts from the end
     */
    static @Nullable ByteRange parse(@Nullable String range, @Nullable String ifRange, LongSupplier size) {
        Matcher matcher = range == null || ifRange != null ? null : SYNTAX.matcher(range.replace(" ", ""));
        if (matcher == null || !matcher.matches()) {
            return null;
        }
        String from = matcher.group(1);
        String to = matcher.group(2);
        if (from.isEmpty()) {
            return to.isEmpty() ? null : suffix(Long.parseLong(to), size.getAsLong());
        }
        long first = Long.parseLong(from);
        long last = to.isEmpty() ? Long.MAX_VALUE : Long.parseLong(to);
        return last < first ? null : new ByteRange(first, last);
    }

    /** How many bytes are wanted at most, or -1 for all. */
    long length() {
        return last == Long.MAX_VALUE ? -1 : last - first + 1;
    }

    /**
     * The same range in a file of this size.
     *
     * @throws SandboxException RANGE_NOT_SATISFIABLE if the file has no byte of it
     */
    ByteRange within(long size) {
        if (first >= size) {
            throw new SandboxException(
                    ErrorCode.RANGE_NOT_SATISFIABLE, "the file has no such bytes: it is " + size + " bytes long");
        }
        return new ByteRange(first, Math.min(last, size - 1));
    }

    private static ByteRange suffix(long bytes, long size) {
        return new ByteRange(bytes == 0 ? size : Math.max(0, size - bytes), Long.MAX_VALUE);
    }
}
