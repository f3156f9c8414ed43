package dev.sandbridge.archive;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Enumeration;
import java.util.function.LongFunction;

/** Archives that are small to send and large to take, or simply large; made while they are read. */
final class LargeArchives {
    private static final int MEBIBYTE = 1 << 20;
    private static final byte[] TINY = new RawTar.Header("f00000000", '0').build();

    private LargeArchives() {}

    static void addTo(HostileArchives corpus) {
        corpus.add("four-gibibytes-of-zeros", "archive extracted size exceeds limit", LargeArchives::zeroFile);
        corpus.add("gzip-bomb", "archive compression ratio exceeds limit", LargeArchives::gzipBomb);
        corpus.add("gzip-bomb-of-headers", "archive compression ratio exceeds limit", LargeArchives::headerBomb);
        corpus.add(
                "extended-header-of-a-terabyte",
                "archive header size exceeds limit",
                new RawTar().header(terabyte('x')));
        corpus.add("long-name-of-a-terabyte", "archive header size exceeds limit", new RawTar().header(terabyte('L')));
        corpus.add(
                "a-million-members",
                "archive member count exceeds limit",
                () -> repeated(1 + HostileArchives.LIMITS.members(), LargeArchives::tiny));
        corpus.add(
                "many-implied-directories",
                "archive member count exceeds limit",
                () -> repeated(HostileArchives.LIMITS.members() / 30, LargeArchives::deep));
        corpus.add(
                "endless-zeros-after-the-end",
                "archive input size exceeds limit",
                () -> repeated(700, i -> new byte[MEBIBYTE]));
        corpus.add("links-that-are-slow-to-follow", "archive symlink chains exceed limit", slowLinks());
    }

    /** So many times what is made for each number, one after another, and the end of an archive. */
    static InputStream repeated(long times, LongFunction<byte[]> each) {
        return new SequenceInputStream(new Enumeration<>() {
            private long next;

            @Override
            public boolean hasMoreElements() {
                return next <= times;
            }

            @Override
            public InputStream nextElement() {
                return new ByteArrayInputStream(next++ < times ? each.apply(next) : new byte[1024]);
            }
        });
    }

    private static InputStream zeroFile() {
        byte[] header = new RawTar.Header("zeros", '0').size(4L << 30).build();
        return repeated(1 + (4L << 10), i -> i == 1 ? header : new byte[MEBIBYTE]);
    }

    /** Digits only move the checksum by what they add. */
    private static byte[] tiny(long number) {
        byte[] header = TINY.clone();
        int sum = TarHeader.checksum(header);
        for (long rest = number, at = 8; rest > 0; rest /= 10, at--) {
            header[(int) at] += (byte) (rest % 10);
            sum += (int) (rest % 10);
        }
        for (int at = 153; at >= 148; at--, sum >>= 3) {
            header[at] = (byte) ('0' + (sum & 7));
        }
        return header;
    }

    private static byte[] deep(long number) {
        return new RawTar.Header(number + "/d".repeat(37) + "/f", '0').build();
    }

    private static InputStream gzipBomb() {
        byte[] header = new RawTar.Header("zeros", '0').size(512L << 20).build();
        byte[] first = BrokenArchives.gzip(header);
        byte[] zeros = BrokenArchives.gzip(new byte[8 * MEBIBYTE]);
        return repeated(65, i -> i == 1 ? first : zeros);
    }

    private static InputStream headerBomb() {
        byte[] header =
                new RawTar().pax('g', "comment", "0".repeat(MEBIBYTE - 100)).open();
        byte[] eight = BrokenArchives.gzip(
                new RawTar().raw(header).raw(header).raw(header).raw(header).open());
        return repeated(100, i -> eight);
    }

    private static RawTar.Header terabyte(char type) {
        return new RawTar.Header("x", type).bytes(124, 0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0);
    }

    /** Every link leads through forty others, each of which has a long way to go. */
    private static RawTar slowLinks() {
        var tar = new RawTar();
        String detour = "d/../".repeat(800);
        for (int i = 0; i < 40; i++) {
            tar.pax('x', "linkpath", detour + "s" + (i + 1)).link("s" + i, "x");
        }
        for (int i = 0; i < 4000; i++) {
            tar.link("l" + i, "s0");
        }
        return tar;
    }
}
