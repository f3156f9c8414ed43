package dev.sandbridge.archive;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPOutputStream;

/** Archives that end early, go on too long, or say about themselves what is not so. */
final class BrokenArchives {
    private static final String INVALID = "invalid tar stream: ";

    private BrokenArchives() {}

    static void addTo(HostileArchives corpus) {
        byte[] whole = new RawTar().file("f", "x".repeat(2000)).file("g", "y").build();
        corpus.add("truncated-in-a-header", "truncated archive", RawTar.cut(whole, 512 + 2048 + 100));
        corpus.add("truncated-in-content", "missing file payload", RawTar.cut(whole, 512 + 1000));
        corpus.add("truncated-in-padding", "truncated archive", RawTar.cut(whole, 512 + 2010));
        corpus.add("truncated-before-the-end-blocks", "truncated archive", RawTar.cut(whole, whole.length - 1024));
        corpus.add("truncated-between-the-end-blocks", "truncated archive", RawTar.cut(whole, whole.length - 512));
        byte[] smuggled = new RawTar().file("../planted", "x").build();
        corpus.add(
                "lone-zero-block",
                INVALID + "a lone zero block",
                new RawTar().file("f", "x").raw(new byte[512]).raw(smuggled).open());
        corpus.add(
                "second-archive-after-the-end",
                INVALID + "data after the end",
                new RawTar().raw(whole).raw(smuggled));
        corpus.add(
                "wrong-checksum",
                INVALID + "wrong header checksum",
                new RawTar().raw(new RawTar.Header("f", '0').withChecksum(1)));
        corpus.add(
                "no-checksum",
                INVALID + "wrong header checksum",
                new RawTar().raw(new byte[511]).raw(new byte[] {1}));
        corpus.add("extended-header-without-length", INVALID + "broken extended header", extended("path=a\n"));
        corpus.add("extended-header-length-too-large", INVALID + "broken extended header", extended("99999 path=a\n"));
        corpus.add("extended-header-length-too-small", INVALID + "broken extended header", extended("3 path=a\n"));
        corpus.add("extended-header-endless-length", INVALID + "broken extended header", extended("9".repeat(500)));
        corpus.add("not-a-tar", INVALID + "too short", "no archive at all".getBytes(StandardCharsets.US_ASCII));
        corpus.add("not-a-tar-either", INVALID, "no archive at all".repeat(99).getBytes(StandardCharsets.US_ASCII));
        compressed(corpus, whole);
    }

    private static void compressed(HostileArchives corpus, byte[] whole) {
        byte[] gzip = gzip(whole);
        corpus.add("gzip-truncated", "truncated archive", RawTar.cut(gzip, gzip.length / 2));
        corpus.add("gzip-truncated-trailer", "truncated archive", RawTar.cut(gzip, gzip.length - 3));
        corpus.add("gzip-wrong-checksum", INVALID + "wrong gzip checksum", flipped(gzip, gzip.length - 8));
        corpus.add("gzip-wrong-length", INVALID + "wrong gzip length", flipped(gzip, gzip.length - 1));
        corpus.add("gzip-broken-data", INVALID, flipped(gzip, 12));
        corpus.add(
                "gzip-followed-by-data",
                INVALID + "data after the gzip members",
                new RawTar().raw(gzip).raw(new byte[] {1, 2, 3}).open());
        corpus.add("gzip-in-gzip", INVALID, gzip(gzip));
        corpus.add("zip", INVALID + "compressed with zip", new byte[] {'P', 'K', 3, 4, 0, 0, 0, 0});
        corpus.add("zstd", INVALID + "compressed with zstd", new byte[] {0x28, (byte) 0xB5, 0x2F, (byte) 0xFD, 0, 0});
        corpus.add("bzip2", INVALID + "compressed with bzip2", new byte[] {'B', 'Z', 'h', '9', '1', 'A'});
        corpus.add("xz", INVALID + "compressed with xz", new byte[] {(byte) 0xFD, '7', 'z', 'X', 'Z', 0});
    }

    private static RawTar extended(String records) {
        byte[] bytes = records.getBytes(StandardCharsets.US_ASCII);
        return new RawTar().content(new RawTar.Header("x", 'x'), bytes).file("f", "x");
    }

    private static byte[] flipped(byte[] bytes, int position) {
        byte[] copy = bytes.clone();
        copy[position] ^= 0x55;
        return copy;
    }

    static byte[] gzip(byte[]... members) {
        var out = new ByteArrayOutputStream();
        try {
            for (byte[] member : members) {
                try (var gzip = new GZIPOutputStream(out)) {
                    gzip.write(member);
                }
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return out.toByteArray();
    }
}
