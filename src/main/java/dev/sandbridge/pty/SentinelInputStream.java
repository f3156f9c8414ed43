package dev.sandbridge.pty;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * What a terminal shows up to a sentinel, which it leaves out and behind which an exit code stands. Holds back only
 * what may be the beginning of the sentinel, and passes that on as soon as it turns out not to be; between reads it
 * keeps no more than those few bytes. Used by one reading thread at a time.
 */
final class SentinelInputStream extends InputStream {
    private static final byte[] NOTHING = {};
    private static final int CHUNK = 4096;
    private static final int LARGEST_NUMBER = 1 << 22;
    private static final int LONGEST_END = 5;

    private final InputStream in;
    private final byte[] sentinel;
    private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();
    /** How many bytes of the sentinel were seen last and are held back. */
    private int matched;
    /** Read and not looked at. */
    private byte[] raw = NOTHING;
    /** Looked at and not passed on. */
    private byte[] ready = NOTHING;

    private boolean ended;

    SentinelInputStream(InputStream in, String sentinel) {
        this.in = in;
        this.sentinel = sentinel.getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Goes on where somebody else has begun to read.
     *
     * @param first what was read already, which comes before the rest
     */
    static SentinelInputStream after(byte[] first, InputStream in, String sentinel) throws IOException {
        var stream = new SentinelInputStream(in, sentinel);
        stream.raw = first;
        if (first.length > 0 && stream.search(NOTHING, 0, 0)) {
            stream.finish();
        }
        return stream;
    }

    /** How many bytes can be passed on now, of what was read already. */
    int ready() {
        return ready.length;
    }

    /** How the command ended: known when this has been read to its end. */
    CompletableFuture<ExitStatus> exit() {
        return exit;
    }

    /** No more is going to be read. */
    void lost() {
        exit.completeExceptionally(new SandboxException(
                ErrorCode.EXEC_TRANSPORT_ERROR, "the terminal ended before the command's exit code was told"));
    }

    /** Drops everything up to and including the next sentinel; the byte behind it. */
    int skipToSentinel() throws IOException {
        var chunk = new byte[CHUNK];
        while (!search(chunk, 0, CHUNK)) {
            if (ended) {
                throw new EOFException("the shell is gone");
            }
            ready = NOTHING;
        }
        ready = NOTHING;
        return required();
    }

    /** The number that comes next, up to its semicolon. */
    int number() throws IOException {
        int number = 0;
        for (int b = required(); b != ';'; b = required()) {
            if (b < '0' || b > '9' || number > LARGEST_NUMBER) {
                throw new IOException("no number stands behind the sentinel");
            }
            number = number * 10 + b - '0';
        }
        return number;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        if (length == 0) {
            return 0;
        }
        while (ready.length == 0 && !ended) {
            if (search(bytes, offset, length)) {
                finish();
            }
        }
        if (ready.length == 0) {
            return -1;
        }
        int count = Math.min(length, ready.length);
        System.arraycopy(ready, 0, bytes, offset, count);
        ready = Arrays.copyOfRange(ready, count, ready.length);
        return count;
    }

    /** Never too much: of what the terminal holds, some may be the sentinel. */
    @Override
    public int available() throws IOException {
        if (ready.length > 0 || ended) {
            return ready.length;
        }
        return Math.max(0, in.available() - sentinel.length - LONGEST_END);
    }

    /**
     * Looks at what comes next and makes everything before a sentinel ready.
     *
     * @param space where bytes may be read to
     * @return whether the sentinel was met, which is then taken away
     */
    private boolean search(byte[] space, int offset, int length) throws IOException {
        byte[] fresh = raw.length > 0 ? raw : next(space, offset, length);
        byte[] data = Arrays.copyOf(sentinel, matched + fresh.length);
        System.arraycopy(fresh, 0, data, matched, fresh.length);
        raw = NOTHING;
        matched = 0;
        for (int at = 0; at < data.length; at++) {
            int common = Math.min(sentinel.length, data.length - at);
            if (!Arrays.equals(data, at, at + common, sentinel, 0, common)) {
                continue;
            }
            ready = Arrays.copyOf(data, at);
            if (common == sentinel.length) {
                raw = Arrays.copyOfRange(data, at + common, data.length);
                return true;
            }
            if (!ended) {
                matched = common;
                return false;
            }
        }
        ready = data;
        return false;
    }

    private byte[] next(byte[] space, int offset, int length) throws IOException {
        int count = in.read(space, offset, length);
        if (count < 0) {
            ended = true;
            lost();
            return NOTHING;
        }
        return Arrays.copyOfRange(space, offset, offset + count);
    }

    /** Reads what stands behind the last sentinel. */
    private void finish() {
        ended = true;
        try {
            if (required() == 'e') {
                exit.complete(ExitStatus.ofShell(number()));
            }
        } catch (IOException brokenOff) {
            // Then it is not known.
        }
        lost();
    }

    private int required() throws IOException {
        if (raw.length > 0) {
            int b = raw[0] & 0xFF;
            raw = Arrays.copyOfRange(raw, 1, raw.length);
            return b;
        }
        int b = in.read();
        if (b < 0) {
            throw new EOFException("the shell is gone");
        }
        return b;
    }
}
