package dev.sandbridge.snapshot.s3;

import dev.sandbridge.snapshot.Sha256;
import dev.sandbridge.snapshot.Snapshot;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.HexFormat;

/** A stored archive as it is read; its end is an end only if all bytes are those that were stored. */
final class CheckedArchive extends FilterInputStream {
    private final Snapshot snapshot;
    private final MessageDigest digest = Sha256.begin();
    private long left;

    CheckedArchive(InputStream content, Snapshot snapshot) {
        super(content);
        this.snapshot = snapshot;
        this.left = snapshot.size();
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int count = in.read(bytes, offset, length);
        if (count > 0) {
            digest.update(bytes, offset, count);
            left -= count;
        }
        if (left < 0 || (count < 0 && !isWhole())) {
            throw new IOException("the archive of snapshot " + snapshot.id() + " is not what was stored");
        }
        return count;
    }

    private boolean isWhole() {
        return left == 0 && HexFormat.of().formatHex(cloneOf(digest).digest()).equals(snapshot.sha256());
    }

    /** Asking twice for the end gives it twice. */
    private static MessageDigest cloneOf(MessageDigest digest) {
        try {
            return (MessageDigest) digest.clone();
        } catch (CloneNotSupportedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    @Override
    public long skip(long count) throws IOException {
        return readNBytes((int) Math.min(count, 8192)).length;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
