package dev.sandbridge.archive;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Archives made to do harm, by name, with the rule that must stop each. Everything that takes archives is tried with
 * all of them. Start with {@link #all}.
 */
public final class HostileArchives {
    /** Small enough that what is meant to be too much comes quickly. */
    public static final ArchiveLimits LIMITS =
            new ArchiveLimits(640L << 20, 600L << 20, ArchiveLimits.STANDARD.members(), 256, 4095, 32L << 20, 200);

    /**
     * One attack.
     *
     * @param rule how the rule begins that refuses it
     * @param open gives the archive's bytes, each time anew
     */
    public record Attack(String name, String rule, Supplier<InputStream> open) {
        @Override
        public String toString() {
            return name;
        }
    }

    private final List<Attack> attacks = new ArrayList<>();

    private HostileArchives() {}

    public static List<Attack> all() {
        var corpus = new HostileArchives();
        corpus.names();
        corpus.types();
        corpus.links();
        corpus.collisions();
        corpus.overrides();
        corpus.numbers();
        BrokenArchives.addTo(corpus);
        LargeArchives.addTo(corpus);
        return corpus.attacks;
    }

    void add(String name, String rule, RawTar tar) {
        add(name, rule, tar.build());
    }

    void add(String name, String rule, byte[] archive) {
        add(name, rule, () -> new ByteArrayInputStream(archive));
    }

    void add(String name, String rule, Supplier<InputStream> open) {
        attacks.add(new Attack(name, rule, open));
    }

    private static RawTar tar() {
        return new RawTar();
    }

    private void names() {
        add("traversal", "parent traversal", tar().file("../planted", "x"));
        add("traversal-behind-a-directory", "parent traversal", tar().file("a/../../planted", "x"));
        add("traversal-that-stays-inside", "parent traversal", tar().file("a/../planted", "x"));
        add("traversal-directory", "parent traversal", tar().directory("./../planted/"));
        add("absolute", "absolute path", tar().file("/tmp/planted", "x"));
        add("absolute-with-many-slashes", "absolute path", tar().file("///tmp/planted", "x"));
        add("drive-letter", "windows drive path", tar().file("C:/planted", "x"));
        add("drive-letter-without-slash", "windows drive path", tar().file("c:planted", "x"));
        add("backslashes", "windows path separator", tar().file("a\\..\\..\\planted", "x"));
        add("root-symlink", "archive root symlink", tar().link("./", "/tmp"));
        add("root-hard-link", "archive root hardlink", tar().header(new RawTar.Header(".", '1').link("/tmp")));
        add("root-file", "archive root member must be directory", tar().file("././", "x"));
        add(
                "name-with-nul",
                "nul character in a name",
                tar().pax('x', "path", "a\0b").file("a", "x"));
        add("name-with-newline", "parent traversal", tar().file("a\n/../../planted", "x"));
        add("name-that-ends-with-slash", "unsupported member type", tar().file("a/", "x"));
        String deep = "d/".repeat(300) + "f";
        add(
                "deep-path",
                "archive path depth exceeds limit",
                tar().pax('x', "path", deep).file("f", "x"));
        String wide = ("d".repeat(250) + "/").repeat(20) + "f";
        add(
                "long-path",
                "archive name length exceeds limit",
                tar().pax('x', "path", wide).file("f", "x"));
        add(
                "long-name",
                "archive name length exceeds limit",
                tar().gnu('L', "n".repeat(256)).file("n", "x"));
    }

    private void types() {
        add("hard-link-out", "hardlink member not allowed", hardLink("../../../etc/passwd"));
        add("hard-link-absolute", "hardlink member not allowed", hardLink("/etc/passwd"));
        add(
                "hard-link-inside",
                "hardlink member not allowed",
                tar().file("b", "x").raw(hardLink("b").open()));
        add("character-device", "unsupported member type", tar().member("null", '3'));
        add("block-device", "unsupported member type", tar().member("disk", '4'));
        add("fifo", "unsupported member type", tar().member("pipe", '6'));
        add("unknown-type", "unsupported member type", tar().member("what", 'Q'));
        add("volume-label", "unsupported member type", tar().member("label", 'V'));
        add("directory-with-content", "content in a member that has none", content('5', "d/"));
        add("symlink-with-content", "content in a member that has none", content('2', "l"));
        add("sparse-bomb-gnu", "sparse member not allowed", content('S', "huge"));
        var sparse = tar().pax(
                        'x', "GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "1099511627776");
        add("sparse-bomb-pax", "sparse member not allowed", sparse.file("huge", "0\n"));
        add(
                "sparse-name-override",
                "sparse member not allowed",
                tar().pax('x', "GNU.sparse.name", "../p").file("f", "x"));
    }

    private static RawTar hardLink(String target) {
        return tar().header(new RawTar.Header("a", '1').link(target));
    }

    private static RawTar content(char type, String name) {
        return tar().content(new RawTar.Header(name, type).link("x"), new byte[600]);
    }

    private void links() {
        add("link-out-absolute", "absolute symlink target not allowed", tar().link("a", "/etc/passwd"));
        add("link-into-the-workspace-absolute", "absolute symlink target not allowed", tar().link("a", "/workspace/b"));
        add("link-out-relative", "symlink target escapes archive root", tar().link("d/a", "../../etc/passwd"));
        add("link-out-and-in-again", "symlink target escapes archive root", tar().link("a", "../workspace/b"));
        add("link-without-target", "symlink without a target", tar().link("a", ""));
        String out = "symlink target escapes archive root";
        add("link-chain", out, tar().link("d1/d2/up", "../..").link("leak", "d1/d2/up/../etc/hostname"));
        add(
                "link-chain-backwards",
                out,
                tar().link("leak", "d1/d2/up/../etc/hostname").link("d1/d2/up", "../.."));
        add("link-chain-through-the-root", out, tar().link("here", ".").link("leak", "here/../etc"));
        var chain = tar().link("l0", ".");
        for (int i = 1; i < 30; i++) {
            chain.link("l" + i, "l" + (i - 1));
        }
        add("link-chain-of-thirty", out, chain.link("leak", "l29/../etc"));
        add("link-override-pax", out, tar().pax('x', "linkpath", "../../etc").link("a", "b"));
        add(
                "link-override-gnu",
                "absolute symlink target not allowed",
                tar().gnu('K', "/etc").link("a", "b"));
    }

    private void collisions() {
        add(
                "link-swap",
                "archive path descends through symlink: d",
                tar().link("d", "e").file("d/planted", "x"));
        add(
                "link-swap-afterwards",
                "archive path descends through symlink: d",
                tar().file("d/f", "x").link("d", "e"));
        var swapped = tar().directory("d/").link("d", "e").file("d/planted", "x");
        add("link-swap-of-a-directory", "duplicate archive path: d", swapped);
        add("link-over-file", "duplicate archive path: f", tar().file("f", "x").link("f", "g"));
        add("file-over-link", "duplicate archive path: f", tar().link("f", "g").file("f", "x"));
        add("duplicate", "duplicate archive path: f", tar().file("f", "good").file("./f", "bad"));
        add(
                "duplicate-spelled-otherwise",
                "duplicate archive path: a/f",
                tar().file("a/f", "x").file("a//./f", "y"));
        add(
                "file-over-directory",
                "duplicate archive path: d",
                tar().directory("d/").file("d", "x"));
        String through = "archive path descends through non-directory: ";
        add("file-over-implied-directory", through + "d", tar().file("d/f", "x").file("d", "x"));
        add("file-below-file", through + "d", tar().file("d", "x").file("d/f", "x"));
        add("directory-below-file", through + "a/d", tar().file("a/d", "x").directory("a/d/e/"));
    }

    private void overrides() {
        add(
                "path-override-pax",
                "parent traversal",
                tar().pax('x', "path", "../planted").file("good", "x"));
        add("path-override-gnu", "absolute path", tar().gnu('L', "/tmp/planted").file("good", "x"));
        String everywhere = "invalid tar stream: a name or size for all members";
        add(
                "path-override-global",
                everywhere,
                tar().pax('g', "path", "planted").file("good", "x"));
        add("size-override-global", everywhere, tar().pax('g', "size", "0").file("good", "x"));
        byte[] hidden = tar().file("../planted", "x").open();
        add(
                "size-override",
                "invalid tar stream: a size that contradicts its header",
                tar().pax('x', "size", "0").content(new RawTar.Header("good", '0'), hidden));
        add(
                "size-override-larger",
                "invalid tar stream: a size that contradicts its header",
                tar().pax('x', "size", "4096").file("good", "x"));
        add(
                "size-override-negative",
                "invalid tar stream: broken extended header",
                tar().pax('x', "size", "-1").file("good", "x"));
        add(
                "two-names",
                "contradicting names",
                tar().gnu('L', "one").pax('x', "path", "two").file("three", "x"));
        add(
                "two-extended-headers",
                "invalid tar stream: two headers of a kind",
                tar().pax('x', "path", "one").pax('x', "path", "two").file("three", "x"));
        add(
                "extended-header-of-nothing",
                "invalid tar stream: a header that belongs to no member",
                tar().pax('x', "path", "one"));
    }

    private void numbers() {
        var header = new RawTar.Header("f", '0');
        add(
                "base-256-size-too-large",
                "invalid tar stream: field size is too large",
                tar().header(header.bytes(124, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
        header = new RawTar.Header("f", '0');
        add(
                "base-256-size-negative",
                "invalid tar stream: negative size",
                tar().header(header.bytes(124, 0xFF, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0)));
        header = new RawTar.Header("f", '0');
        add(
                "base-256-size-of-all-disks",
                "archive extracted size exceeds limit",
                tar().header(header.bytes(124, 0x80, 0, 0, 0, 0x7F, 255, 255, 255, 255, 255, 255, 255)));
        header = new RawTar.Header("f", '0');
        add(
                "base-256-time-out-of-range",
                "invalid tar stream: time out of range",
                tar().header(header.bytes(136, 0x80, 0, 0, 0, 0x7F, 255, 255, 255, 255, 255, 255, 255)));
        header = new RawTar.Header("f", '0');
        add(
                "base-256-owner-out-of-range",
                "invalid tar stream: owner out of range",
                tar().header(header.bytes(108, 0x80, 0, 0, 1, 0, 0, 0, 0)));
        add(
                "size-is-no-number",
                "invalid tar stream: field size is no number",
                tar().header(new RawTar.Header("f", '0').text(124, "12x45678901")));
        add(
                "time-of-many-digits",
                "invalid tar stream: broken time",
                tar().pax('x', "mtime", "9".repeat(60)).file("f", "x"));
        add(
                "number-of-many-digits",
                "invalid tar stream: broken extended header",
                tar().pax('x', "uid", "9".repeat(60)).file("f", "x"));
    }
}
