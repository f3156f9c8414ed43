package dev.sandbridge.archive;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;

/** The tar bytes of an archive, whether it comes plain or compressed: its first bytes tell. */
final class ArchiveInput implements AutoCloseable {
    private static final int SNIFFED = 6;
    private static final int BUFFER = 64 << 10;

    private final InputStream tar;
    private final AutoCloseableInput decompression;

    private interface AutoCloseableInput {
        void close();
    }

    private ArchiveInput(InputStream tar, AutoCloseableInput decompression) {
        this.tar = tar;
        this.decompression = decompression;
    }

    /** Reads the first bytes; {@code archive} is never closed. */
    static ArchiveInput open(InputStream archive, ArchiveLimits limits) throws IOException {
        var counted = new CountedInput(archive, limits.bytesIn());
        byte[] first = counted.readNBytes(SNIFFED);
        if (first.length == 0) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "Empty tar payload")
                    .retry(Retry.NO)
                    .action("send a tar archive, plain or gzip");
        }
        var whole = new SequenceInputStream(new ByteArrayInputStream(first), counted);
        if (startsWith(first, 0x1F, 0x8B)) {
            var gzip = new GzipInput(whole, limits.ratio());
            return new ArchiveInput(buffered(new CountedInput(gzip, limits.bytesIn())), gzip::close);
        }
        refuseOthers(first);
        return new ArchiveInput(buffered(whole), () -> {});
    }

    /** The tar archive, buffered. */
    InputStream tar() {
        return tar;
    }

    /** Frees what decompression holds. */
    @Override
    public void close() {
        decompression.close();
    }

    private static InputStream buffered(InputStream in) {
        return new BufferedInputStream(in, BUFFER);
    }

    private static void refuseOthers(byte[] first) {
        String compression = null;
        if (startsWith(first, 0x28, 0xB5, 0x2F, 0xFD)) {
            compression = "zstd";
        } else if (startsWith(first, 'B', 'Z', 'h')) {
            compression = "bzip2";
        } else if (startsWith(first, 0xFD, '7', 'z', 'X', 'Z')) {
            compression = "xz";
        } else if (startsWith(first, 'P', 'K', 3, 4)) {
            compression = "zip";
        }
        if (compression != null) {
            throw Refusal.invalid("compressed with " + compression + ", which is not read here");
        }
    }

    private static boolean startsWith(byte[] bytes, int... magic) {
        if (bytes.length < magic.length) {
            return false;
        }
        for (int i = 0; i < magic.length; i++) {
            if ((bytes[i] & 0xFF) != magic[i]) {
                return false;
            }
        }
        return true;
    }
}
