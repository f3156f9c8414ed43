package dev.sandbridge.archive;

import dev.sandbridge.workspace.FileType;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Packing and unpacking host directories, in turns with {@code tar} and {@code sha256sum}; see bench/README.md. */
final class ArchiveBench {
    private static final int ROUNDS = 6;
    private static final int WARM_UP = 2;

    private final Path scratch;

    private ArchiveBench(Path scratch) {
        this.scratch = scratch;
    }

    public static void main(String[] arguments) throws Exception {
        var bench = new ArchiveBench(Path.of(arguments[0]));
        bench.tree("10,000 files of 0 to 8 KiB", 10_000, 8 << 10);
        bench.tree("4 files of 64 MiB", 4, -(64 << 20));
        bench.memory();
    }

    private void tree(String name, int files, int size) throws Exception {
        Path tree = Files.createDirectories(scratch.resolve("tree"));
        var random = new Random(1);
        for (int i = 0; i < files; i++) {
            Path directory = Files.createDirectories(tree.resolve("d" + i / 100));
            write(directory.resolve("f" + i), size < 0 ? -size : random.nextInt(size), random);
        }
        Path tar = scratch.resolve("tree.tar");
        compare("pack, " + name, 0.8, () -> pack(tree, tar), "tar -C tree -cf rival.tar . && sha256sum rival.tar");
        compare("fingerprint, " + name, 1 / 1.5, () -> pack(tree, null), "tar -C tree -cf - . | sha256sum");
        compare(
                "unpack, " + name,
                0.8,
                () -> unpack(tar, scratch.resolve("out")),
                "mkdir rival && tar -C rival -xf tree.tar && sha256sum tree.tar");
        shell("rm -rf tree out tree.tar rival.tar");
    }

    /** Random bytes, in pieces that fit into a small heap. */
    private static void write(Path file, int size, Random random) throws IOException {
        try (var out = Files.newOutputStream(file)) {
            for (int left = size; left > 0; ) {
                var piece = new byte[Math.min(left, 1 << 20)];
                random.nextBytes(piece);
                out.write(piece);
                left -= piece.length;
            }
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    /** Both sides take turns; the ratio is that of the medians, more is better. */
    private void compare(String name, double target, Step own, String rival) throws Exception {
        var times = new long[2][ROUNDS];
        List<Step> sides = List.of(own, () -> shell(rival));
        for (int round = -WARM_UP; round < ROUNDS; round++) {
            shell("rm -rf rival rival.tar out");
            // Who comes first meets what the disk still does for the removal.
            for (int turn : round % 2 == 0 ? new int[] {0, 1} : new int[] {1, 0}) {
                long begun = System.nanoTime();
                sides.get(turn).run();
                if (round >= 0) {
                    times[turn][round] = System.nanoTime() - begun;
                }
            }
        }
        Arrays.sort(times[0]);
        Arrays.sort(times[1]);
        double ratio = (double) times[1][ROUNDS / 2] / times[0][ROUNDS / 2];
        System.out.printf(
                "%-45s %8.1f ms  rival %8.1f ms  %5.2f x the speed  %s%n",
                name,
                times[0][ROUNDS / 2] / 1e6,
                times[1][ROUNDS / 2] / 1e6,
                ratio,
                ratio >= target ? "met" : "MISSED");
    }

    private void memory() throws IOException {
        passZeros(64L << 20);
        long before = peak();
        passZeros(4L << 30);
        long grown = (peak() - before) >> 10;
        System.out.printf(
                "%-45s grows by %d MiB  %s%n", "memory from 64 MiB to 4 GiB", grown, grown <= 32 ? "met" : "MISSED");
    }

    /** A file of zeros, packed and unpacked through a pipe. */
    private static void passZeros(long size) throws IOException {
        var entry = new TreeEntry("zeros", FileType.FILE, 0644, size, Instant.EPOCH, 0, 0, 1, null);
        try (var out = new PipedOutputStream();
                var in = new PipedInputStream(out, 1 << 20)) {
            var writer = Thread.ofVirtual().start(() -> {
                try (out) {
                    var packer = new TreePacker(out, ArchiveLimits.STANDARD, line -> {});
                    packer.add(entry, LargeArchives.repeated(size >> 20, i -> new byte[1 << 20]), () -> false);
                    packer.finish(new Vanished());
                } catch (IOException broken) {
                    throw new UncheckedIOException(broken);
                }
            });
            try (var unpacker = new TreeUnpacker(in, ArchiveLimits.STANDARD, line -> {})) {
                while (unpacker.next() != null) {
                    unpacker.content().transferTo(OutputStream.nullOutputStream());
                }
            }
            writer.interrupt();
        }
    }

    private static long peak() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        }
    }

    private static void pack(Path tree, @Nullable Path tar) throws IOException {
        try (var out = tar == null ? OutputStream.nullOutputStream() : new FileOutputStream(tar.toFile())) {
            var packer = new TreePacker(out, ArchiveLimits.STANDARD, line -> {});
            List<Path> paths = new ArrayList<>();
            try (Stream<Path> all = Files.walk(tree)) {
                all.forEach(paths::add);
            }
            for (Path path : paths) {
                var entry = entry(tree, path);
                try (var content =
                        entry.type() == FileType.FILE ? Files.newInputStream(path) : InputStream.nullInputStream()) {
                    packer.add(entry, content, () -> false);
                }
            }
            packer.finish(new Vanished());
        }
    }

    private static TreeEntry entry(Path tree, Path path) throws IOException {
        Map<String, Object> facts =
                Files.readAttributes(path, "unix:mode,size,lastModifiedTime,uid,gid", LinkOption.NOFOLLOW_LINKS);
        int mode = (int) fact(facts, "mode");
        boolean file = (mode & 0170000) == 0100000;
        var modified = ((FileTime) fact(facts, "lastModifiedTime")).toInstant();
        return new TreeEntry(
                tree.relativize(path).toString(),
                file ? FileType.FILE : FileType.DIRECTORY,
                mode & 07777,
                file ? (long) fact(facts, "size") : 0,
                modified,
                (int) fact(facts, "uid"),
                (int) fact(facts, "gid"),
                1,
                null);
    }

    private static Object fact(Map<String, Object> facts, String name) {
        return Objects.requireNonNull(facts.get(name), name);
    }

    private static void unpack(Path tar, Path into) throws IOException {
        try (var in = Files.newInputStream(tar);
                var unpacker = new TreeUnpacker(in, ArchiveLimits.STANDARD, line -> {})) {
            var buffer = new byte[64 << 10];
            for (TreeEntry entry = unpacker.next(); entry != null; entry = unpacker.next()) {
                Path path = into.resolve(entry.path());
                if (entry.type() == FileType.DIRECTORY) {
                    Files.createDirectories(path);
                    continue;
                }
                try (var out = Files.newOutputStream(path)) {
                    for (int n = unpacker.content().read(buffer);
                            n >= 0;
                            n = unpacker.content().read(buffer)) {
                        out.write(buffer, 0, n);
                    }
                }
                Files.setLastModifiedTime(path, FileTime.from(entry.modified()));
            }
        }
    }

    private void shell(String command) throws IOException, InterruptedException {
        var process = new ProcessBuilder("sh", "-c", command)
                .directory(scratch.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (process.waitFor() != 0) {
            throw new IOException("failed: " + command);
        }
    }
}
