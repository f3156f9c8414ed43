package dev.sandbridge.archive;

import java.util.List;

/**
 * How a tree compares to what was expected of it.
 *
 * @param missing number of expected paths that are not there
 * @param unexpected number of paths that are there and were not expected
 * @param changed number of paths where something else is
 * @param differences the first of them, {@value #LINES} at most
 */
public record ManifestComparison(
        Outcome outcome, long missing, long unexpected, long changed, List<Difference> differences) {
    static final int LINES = 100;

    /** How a verified restore ended. */
    public enum Outcome {
        COMPLETE,
        /** All was written, and it is not what was expected. */
        INCOMPLETE,
        /** The archive ended before its end; nothing was changed. */
        INTERRUPTED
    }

    /** What can be wrong with a path. */
    public enum Kind {
        MISSING,
        UNEXPECTED,
        CHANGED
    }

    /** One path that differs, printable. */
    public record Difference(Kind kind, String path) {}

    public ManifestComparison {
        differences = List.copyOf(differences);
    }

    public static ManifestComparison interrupted() {
        return new ManifestComparison(Outcome.INTERRUPTED, 0, 0, 0, List.of());
    }

    /** By digest alone, where the expected entries are not known: complete, or incomplete without differences. */
    public static ManifestComparison of(String expectedDigest, Manifest actual) {
        var outcome = expectedDigest.equals(actual.digest()) ? Outcome.COMPLETE : Outcome.INCOMPLETE;
        return new ManifestComparison(outcome, 0, 0, 0, List.of());
    }

    /** Entry by entry; {@code expected} is gone through twice, in any order. Memory: about 40 bytes for each. */
    public static ManifestComparison of(Iterable<ManifestEntry> expected, Iterable<ManifestEntry> actual) {
        throw new UnsupportedOperationException();
    }
}
