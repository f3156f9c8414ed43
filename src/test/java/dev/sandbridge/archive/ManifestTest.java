package dev.sandbridge.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.archive.ManifestComparison.Kind;
import dev.sandbridge.archive.ManifestComparison.Outcome;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Lines of manifests are read as they were written, and comparisons say what differs. */
class ManifestTest {
    private static List<ManifestEntry> listing(Archives.Item... items) {
        var tar = Archives.pack(List.of(items), ArchiveLimits.STANDARD).tar();
        return List.copyOf(
                Archives.unpack(tar, ArchiveLimits.STANDARD).listing().values());
    }

    private static ManifestComparison compare(List<ManifestEntry> expected, List<ManifestEntry> actual) {
        try {
            return ManifestComparison.of(expected::forEach, actual::forEach);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    @Test
    void everyLineIsAsciiAndCanBeReadBack() {
        for (long seed = 0; seed < 200; seed++) {
            for (ManifestEntry entry : listing(RandomTree.of(seed).toArray(new Archives.Item[0]))) {
                assertThat(entry.line()).matches("[ -~]+");
                assertThat(ManifestEntry.parse(entry.line()))
                        .as("seed %d", seed)
                        .isEqualTo(entry);
            }
        }
    }

    @Test
    void aLineThatNobodyWroteIsRefused() {
        String good = listing(Archives.file("a b", new byte[1])).getFirst().line();
        for (String bad : List.of(
                "",
                good + " ",
                good.replace("%20", "%2"),
                good.replace("%20", "%41"),
                good.replace("0644", "06444"),
                good.replace("file", "pipe"),
                good.replace("./", "/"))) {
            assertThatThrownBy(() -> ManifestEntry.parse(bad)).as(bad).isInstanceOf(SandboxException.class);
        }
    }

    @Test
    void equalListsAreCompleteInAnyOrder() {
        var list = listing(Archives.directory("d"), Archives.file("d/f", new byte[9]), Archives.link("l", "d"));
        assertThat(compare(list, list.reversed()).outcome()).isEqualTo(Outcome.COMPLETE);
    }

    @Test
    void theDifferenceNamesMissingUnexpectedAndChangedPaths() {
        var expected = listing(
                Archives.file("same", new byte[1]),
                Archives.file("gone", new byte[1]),
                Archives.file("changed", new byte[1]));
        var actual = listing(
                Archives.file("same", new byte[1]),
                Archives.file("new\n", new byte[1]),
                Archives.file("changed", new byte[2]));
        var comparison = compare(expected, actual);
        assertThat(comparison.outcome()).isEqualTo(Outcome.INCOMPLETE);
        assertThat(List.of(comparison.missing(), comparison.unexpected(), comparison.changed()))
                .containsOnly(1L);
        assertThat(comparison.differences())
                .containsExactlyInAnyOrder(
                        new ManifestComparison.Difference(Kind.MISSING, "gone"),
                        new ManifestComparison.Difference(Kind.UNEXPECTED, "new\\u000a"),
                        new ManifestComparison.Difference(Kind.CHANGED, "changed"));
    }

    @Test
    void theDifferenceIsBoundedAndItsNumbersAreNot() {
        var many = new Archives.Item[3000];
        for (int i = 0; i < many.length; i++) {
            many[i] = Archives.directory("d" + i);
        }
        var comparison = compare(listing(many), List.of());
        assertThat(comparison.missing()).isEqualTo(3000);
        assertThat(comparison.differences()).hasSize(ManifestComparison.LINES);
    }

    @Test
    void aDigestAloneSaysWhetherAllIsThere() {
        var manifest = new Manifest("ab", 1, 1);
        assertThat(ManifestComparison.of("ab", manifest).outcome()).isEqualTo(Outcome.COMPLETE);
        assertThat(ManifestComparison.of("cd", manifest).outcome()).isEqualTo(Outcome.INCOMPLETE);
        assertThat(ManifestComparison.interrupted().outcome()).isEqualTo(Outcome.INTERRUPTED);
    }
}
