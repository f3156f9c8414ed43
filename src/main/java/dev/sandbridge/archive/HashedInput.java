package dev.sandbridge.archive;

import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.HexFormat;

/** A content whose SHA-256 is known when it was read. */
final class HashedInput extends InputStream {
    private final InputStream in;
    private final MessageDigest digest;
    private boolean interrupted;

    /** {@code digest} is this stream's until its hash was taken. */
    HashedInput(InputStream in, MessageDigest digest) {
        this.in = in;
        this.digest = digest;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        try {
            int n = in.read(into, offset, length);
            if (n > 0) {
                digest.update(into, offset, n);
            }
            return n;
        } catch (SandboxException refused) {
            interrupted = Refusal.isTruncation(refused);
            throw refused;
        }
    }

    boolean isInterrupted() {
        return interrupted;
    }

    /** Reads what is left, into {@code unread}, and gives 64 hex digits. */
    String sha256(byte[] unread) throws IOException {
        int n;
        do {
            n = read(unread, 0, unread.length);
        } while (n >= 0);
        return HexFormat.of().formatHex(digest.digest());
    }
}
