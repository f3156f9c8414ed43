package dev.sandbridge.archive;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Gzip data of one or more members, whole: checksums and lengths are verified, and what follows the last member may be
 * zeros only. The JDK's own stream guesses from {@code available()} whether another member follows.
 */
final class GzipInput extends InputStream {
    private static final int HEADER_CHECKSUM = 2;
    private static final int EXTRA = 4;
    private static final int NAME = 8;
    private static final int COMMENT = 16;
    private static final int KNOWN_FLAGS = 31;
    private static final long FREE = 16L << 20;

    private final InputStream in;
    private final int ratio;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 checksum = new CRC32();
    private final byte[] buffer = new byte[64 << 10];
    private int position;
    private int end;
    private long bytesIn;
    private long bytesOut;
    private boolean inMember;
    private boolean ended;

    /** Reads from the first member's first byte; {@code ratio} is the most that a byte may become. */
    GzipInput(InputStream in, int ratio) {
        this.in = in;
        this.ratio = ratio;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (!ended) {
            if (!inMember && !beginMember()) {
                ended = true;
                break;
            }
            int n = inflate(into, offset, length);
            if (n > 0) {
                return n;
            }
        }
        return -1;
    }

    /** Frees the inflater; the source stays open. */
    @Override
    public void close() {
        inflater.end();
        ended = true;
    }

    private int inflate(byte[] into, int offset, int length) throws IOException {
        try {
            if (inflater.needsInput()) {
                if (position == end) {
                    fill();
                }
                inflater.setInput(buffer, position, end - position);
                position = end;
            }
            int n = inflater.inflate(into, offset, length);
            checksum.update(into, offset, n);
            bytesOut += n;
            checkRatio();
            if (inflater.finished()) {
                position = end - inflater.getRemaining();
                endMember();
            } else if (inflater.needsDictionary()) {
                throw Refusal.invalid("gzip data with a dictionary");
            }
            return n;
        } catch (DataFormatException broken) {
            throw Refusal.invalid("broken gzip data");
        }
    }

    private void checkRatio() {
        if (bytesOut > FREE && bytesOut / ratio > bytesIn) {
            throw Refusal.limit(
                    Refusal.ARCHIVE, "archive compression ratio exceeds limit", ratio, bytesOut / Math.max(1, bytesIn));
        }
    }

    private boolean beginMember() throws IOException {
        int first = next();
        if (first < 0 && bytesOut + bytesIn > 0) {
            return false;
        }
        if (first == 0) {
            requireZeros();
            return false;
        }
        if (first != 0x1F || require() != 0x8B || require() != 8) {
            throw Refusal.invalid("data after the gzip members");
        }
        readHeader();
        inflater.reset();
        checksum.reset();
        inMember = true;
        return true;
    }

    private void readHeader() throws IOException {
        int flags = require();
        if ((flags & ~KNOWN_FLAGS) != 0) {
            throw Refusal.invalid("unknown gzip flags");
        }
        skip(6);
        if ((flags & EXTRA) != 0) {
            skip(require() | require() << 8);
        }
        if ((flags & NAME) != 0) {
            skipText();
        }
        if ((flags & COMMENT) != 0) {
            skipText();
        }
        if ((flags & HEADER_CHECKSUM) != 0) {
            skip(2);
        }
    }

    private void endMember() throws IOException {
        if (number() != checksum.getValue()) {
            throw Refusal.invalid("wrong gzip checksum");
        }
        if (number() != (inflater.getBytesWritten() & 0xFFFF_FFFFL)) {
            throw Refusal.invalid("wrong gzip length");
        }
        inMember = false;
    }

    private long number() throws IOException {
        return require() | require() << 8 | require() << 16 | (long) require() << 24;
    }

    private void requireZeros() throws IOException {
        for (int b = 0; b >= 0; b = next()) {
            if (b != 0) {
                throw Refusal.invalid("data after the gzip members");
            }
        }
    }

    private void skip(int bytes) throws IOException {
        for (int i = 0; i < bytes; i++) {
            require();
        }
    }

    private void skipText() throws IOException {
        int c;
        do {
            c = require();
        } while (c != 0);
    }

    private int require() throws IOException {
        int b = next();
        if (b < 0) {
            throw Refusal.truncated(Refusal.ARCHIVE, Refusal.TRUNCATED);
        }
        return b;
    }

    private int next() throws IOException {
        if (position == end && !refill()) {
            return -1;
        }
        return buffer[position++] & 0xFF;
    }

    private void fill() throws IOException {
        if (!refill()) {
            throw Refusal.truncated(Refusal.ARCHIVE, Refusal.TRUNCATED);
        }
    }

    private boolean refill() throws IOException {
        int n = in.read(buffer, 0, buffer.length);
        if (n <= 0) {
            return false;
        }
        bytesIn += n;
        position = 0;
        end = n;
        return true;
    }
}
