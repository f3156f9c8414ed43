package dev.sandbridge.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.archive.ArchiveReport.Kind;
import dev.sandbridge.archive.Archives.Item;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileType;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Whatever was packed can be unpacked under the same limits, and what is missing or different was told. */
class RoundTripTest {
    private static final ArchiveLimits LIMITS = new ArchiveLimits(64 << 20, 16 << 20, 10_000, 20, 2_000, 1 << 20, 200);
    private static final int TREES = 300;

    @Test
    @DisplayName("statement 93: whatever a tree holds, its archive can be hydrated")
    void whatIsPackedCanBeUnpacked() {
        long first = new Random().nextLong(1L << 40);
        for (long seed = first; seed < first + TREES; seed++) {
            holds(seed);
        }
    }

    @Test
    void treesThatFailedOnceStillHold() {
        for (long seed = 0; seed < 200; seed++) {
            holds(seed);
        }
    }

    private static void holds(long seed) {
        List<Item> tree = RandomTree.of(seed);
        var packed = Archives.pack(tree, LIMITS);
        var unpacked = Archives.unpack(packed.tar(), LIMITS);
        assertThat(unpacked.manifest()).as("seed %d", seed).isEqualTo(packed.manifest());
        assertThat(Archives.unpack(BrokenArchives.gzip(packed.tar()), LIMITS).manifest())
                .as("seed %d, compressed", seed)
                .isEqualTo(packed.manifest());
        assertThat(Archives.pack(tree, LIMITS).tar()).as("seed %d, again", seed).isEqualTo(packed.tar());
        long told =
                List.of(Kind.SPECIAL_FILE, Kind.LINK_LEAVES_WORKSPACE, Kind.NAME_NOT_ALLOWED, Kind.VANISHED).stream()
                        .mapToLong(kind -> packed.report().counts().getOrDefault(kind, 0L))
                        .sum();
        assertThat(unpacked.items().size() + told).as("seed %d: entries", seed).isEqualTo(tree.size());
        for (Item item : tree) {
            var back = unpacked.items().get(item.entry().path());
            if (back != null) {
                same(seed, item, back, packed.report());
            }
        }
    }

    private static void same(long seed, Item item, Item back, ArchiveReport report) {
        TreeEntry before = item.entry();
        TreeEntry after = back.entry();
        assertThat(after.type()).as("seed %d", seed).isEqualTo(before.type());
        assertThat(back.content()).as("seed %d", seed).isEqualTo(item.content());
        assertThat(List.of(after.uid(), after.gid()))
                .as("seed %d", seed)
                .isEqualTo(List.of(before.uid(), before.gid()));
        if (before.type() != FileType.SYMLINK) {
            assertThat(after.mode()).as("seed %d", seed).isEqualTo(before.mode() & 01777);
        } else if (!report.counts().containsKey(Kind.LINK_REWRITTEN)) {
            assertThat(after.target()).as("seed %d", seed).isEqualTo(before.target());
        }
        if (!report.counts().containsKey(Kind.TIME_CLAMPED)) {
            assertThat(after.modified()).as("seed %d", seed).isEqualTo(before.modified());
        }
    }

    @Test
    void theDigestDependsOnEveryFactAndOnNoOrder() {
        var tree = new ArrayList<>(List.of(
                Archives.directory("d"),
                Archives.file("d/f", new byte[3]),
                Archives.link("l", "d"),
                Archives.file("g", new byte[0])));
        String digest = digest(tree);
        Collections.reverse(tree);
        assertThat(digest(tree)).isEqualTo(digest);
        var digests = new HashSet<String>();
        digests.add(digest);
        for (Item changed : List.of(
                Archives.file("d/f", new byte[] {0, 0, 1}),
                Archives.file("d/f", new byte[4]),
                Archives.directory("d/f"),
                Archives.link("d/f", "g"),
                with(0600, 0),
                with(0644, 1))) {
            var other = new ArrayList<>(tree);
            other.replaceAll(item -> item.entry().path().equals("d/f") ? changed : item);
            digests.add(digest(other));
        }
        digests.add(digest(tree.subList(0, 3)));
        assertThat(digests).hasSize(8);
    }

    private static Item with(int mode, long nanos) {
        return new Item(
                new TreeEntry("d/f", FileType.FILE, mode, 3, Archives.TIME.plusNanos(nanos), 0, 0, 1, null),
                new byte[3]);
    }

    private static String digest(List<Item> tree) {
        return Archives.pack(tree, LIMITS).manifest().digest();
    }

    @Test
    @DisplayName("statement 84: what cannot be in an archive is left out, and told with path and reason")
    void everythingThatDiffersIsTold() {
        var packed = Archives.pack(
                List.of(
                        Archives.directory(""),
                        Archives.directory("d"),
                        Archives.link("d/python", "/usr/bin/python3"),
                        Archives.link("d/here", "/workspace/d/f"),
                        Archives.link("d/top", "/workspace"),
                        Archives.link("up", "d/.."),
                        Archives.link("circle", "circle"),
                        Archives.link("leak", "root/../etc"),
                        Archives.link("root", "d/.."),
                        new Item(Archives.entry("pipe", FileType.OTHER, 0, null), new byte[0]),
                        Archives.file("back\\slash", new byte[0]),
                        Archives.file("n".repeat(256), new byte[0]),
                        new Item(
                                new TreeEntry("set", FileType.FILE, 06755, 0, Archives.TIME, 0, 0, 2, null),
                                new byte[0])),
                LIMITS);
        var told = new TreeMap<Kind, List<String>>();
        packed.report().lines().forEach(line -> told.computeIfAbsent(line.kind(), kind -> new ArrayList<>())
                .add(line.path()));
        assertThat(told)
                .isEqualTo(new TreeMap<>(Map.of(
                        Kind.LINK_LEAVES_WORKSPACE, List.of("d/python", "leak"),
                        Kind.LINK_REWRITTEN, List.of("d/here", "d/top"),
                        Kind.SPECIAL_FILE, List.of("pipe"),
                        Kind.NAME_NOT_ALLOWED, List.of("back\\slash", "n".repeat(200) + "..."),
                        Kind.SET_ID_DROPPED, List.of("set"),
                        Kind.HARD_LINK_COPIED, List.of("set"))));
        var unpacked = Archives.unpack(packed.tar(), LIMITS);
        assertThat(unpacked.entry("d/here").target()).isEqualTo("../d/f");
        assertThat(unpacked.entry("d/top").target()).isEqualTo("..");
        assertThat(unpacked.entry("set").mode()).isEqualTo(0755);
        assertThat(unpacked.items().keySet())
                .containsExactlyInAnyOrder("", "d", "d/here", "d/top", "up", "circle", "root", "set");
    }

    @Test
    void theReportIsBounded() {
        var tree = new ArrayList<Item>();
        for (int i = 0; i < 5_000; i++) {
            tree.add(Archives.link("l" + i, "/etc"));
        }
        tree.add(new Item(Archives.entry("pipe", FileType.OTHER, 0, null), new byte[0]));
        var report = Archives.pack(tree, LIMITS).report();
        assertThat(report.counts())
                .containsEntry(Kind.LINK_LEAVES_WORKSPACE, 5_000L)
                .containsEntry(Kind.SPECIAL_FILE, 1L);
        assertThat(report.lines()).hasSizeLessThan(ArchiveReport.LINES).anyMatch(line -> line.path()
                .equals("pipe"));
    }

    @Test
    void whatVanishedIsCountedWhateverItsNumber() throws IOException {
        var vanished = new Vanished();
        for (int i = 0; i < 25_000; i++) {
            vanished.add("f" + i);
        }
        vanished.add("f1");

        var report = new TreePacker(OutputStream.nullOutputStream(), LIMITS, line -> {})
                .finish(vanished)
                .report();

        assertThat(report.counts()).isEqualTo(Map.of(Kind.VANISHED, 25_000L));
        assertThat(vanished.paths()).hasSizeLessThan(25_000);
    }

    /** Each chain is one link too long to be followed, until the one before it has gone. */
    @Test
    void linksThatDependOnEachOtherAreLeftOutHoweverManyLayersThereAre() {
        var tree = new ArrayList<>(List.of(
                Archives.directory(""),
                Archives.directory("d"),
                Archives.link("up", "."),
                Archives.link("e", "up/../x")));
        int layers = 12;
        for (int layer = 1; layer <= layers; layer++) {
            for (int i = 1; i <= 38; i++) {
                tree.add(Archives.link("p" + layer + "_" + i, "p" + layer + "_" + (i + 1)));
            }
            tree.add(Archives.link("p" + layer + "_39", layer == 1 ? "e" : "d/z" + layer));
            tree.add(Archives.link("d/z" + layer, "q" + (layer - 1) + "/../../x"));
            tree.add(Archives.link("d/q" + layer, "../p" + layer + "_1"));
        }

        var packed = Archives.pack(tree, LIMITS);

        var left = Archives.unpack(packed.tar(), LIMITS).items();
        assertThat(left).containsKeys("d", "up").doesNotContainKeys("e", "p1_1", "d/z" + layers);
        assertThat(packed.report().counts())
                .isEqualTo(Map.of(Kind.LINK_LEAVES_WORKSPACE, (long) tree.size() - left.size()));
    }

    @Test
    void linksThatTakeTooLongToFollowAreLeftOutAndTold() {
        var tree = new ArrayList<Item>();
        String detour = "d/../".repeat(380);
        for (int i = 0; i < 40; i++) {
            tree.add(Archives.link("s" + i, detour + "s" + (i + 1)));
        }
        for (int i = 0; i < 5_000; i++) {
            tree.add(Archives.link("l" + i, "s0"));
        }
        tree.add(Archives.file("f", new byte[1]));

        var packed = Archives.pack(tree, LIMITS);

        assertThat(Archives.unpack(packed.tar(), LIMITS).items()).containsOnlyKeys("f");
        assertThat(packed.report().counts()).isEqualTo(Map.of(Kind.LINK_LEAVES_WORKSPACE, 5_040L));
    }

    @Test
    void aTreeThatCouldNotBeUnpackedIsNotPacked() {
        var small = new ArchiveLimits(1 << 20, 1000, 3, 20, 200, 1 << 20, 200);
        refuses(List.of(Archives.file("f", new byte[1001])), small, "archive extracted size exceeds limit");
        var many = List.of(
                Archives.file("a", new byte[0]),
                Archives.file("b", new byte[0]),
                Archives.file("c", new byte[0]),
                Archives.file("d", new byte[0]));
        refuses(many, small, "archive member count exceeds limit");
        refuses(
                List.of(Archives.link("l", "far")),
                new ArchiveLimits(1 << 20, 1000, 3, 20, 200, 103, 200),
                "archive link text exceeds limit");
        refuses(
                many.subList(0, 3),
                new ArchiveLimits(2000, 1000, 3, 20, 200, 1 << 20, 200),
                "archive input size exceeds limit");
    }

    private static void refuses(List<Item> tree, ArchiveLimits limits, String rule) {
        var refused = catchThrowableOfType(SandboxException.class, () -> Archives.pack(tree, limits));
        assertThat(refused).isNotNull();
        assertThat(refused.code()).isEqualTo(ErrorCode.WORKSPACE_READ_FAILED);
        assertThat(refused.details()).containsEntry("rule", rule);
    }

    @Test
    void aTreeThatContradictsItselfIsNotPacked() {
        for (var twice : List.of(
                List.of(Archives.file("f", new byte[0]), Archives.link("f", "g")),
                List.of(Archives.file("f", new byte[0]), Archives.file("f/g", new byte[0])),
                List.of(Archives.file("/etc/passwd", new byte[0])),
                List.of(Archives.file("a//b", new byte[0])))) {
            var refused = catchThrowableOfType(SandboxException.class, () -> Archives.pack(twice, LIMITS));
            assertThat(refused).isNotNull();
            assertThat(refused.code()).isEqualTo(ErrorCode.WORKSPACE_READ_FAILED);
        }
    }

    @Test
    void severalGzipMembersAreOneArchive() {
        byte[] tar = Archives.pack(RandomTree.of(7), LIMITS).tar();
        byte[] gzip = BrokenArchives.gzip(
                RawTar.cut(tar, 700), new byte[0], java.util.Arrays.copyOfRange(tar, 700, tar.length));
        byte[] padded = new RawTar().raw(gzip).raw(new byte[10_000]).open();
        assertThat(Archives.unpack(padded, LIMITS).manifest())
                .isEqualTo(Archives.unpack(tar, LIMITS).manifest());
    }
}
