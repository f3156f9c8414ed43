package dev.sandbridge.archive;

import dev.sandbridge.archive.KnownManifests.Listing;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumMap;
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

    private static final int EXPECTED = 1;
    private static final int SEEN = 2;

    /** How a verified restore ended. */
    public enum Outcome {
        COMPLETE,
        /** It is not what was expected; nothing was changed. */
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

    /**
     * Entry by entry; {@code expected} is gone through twice, in any order. Memory: up to 70 bytes for each.
     *
     * @throws IOException what either listing threw
     */
    public static ManifestComparison of(Listing expected, Listing actual) throws IOException {
        var random = new SecureRandom();
        var paths = new PathTable();
        var lines = new PathTable();
        var path = new PathHash(random);
        var line = new PathHash(random);
        expected.each(entry -> {
            paths.put(path.of(entry.path()), EXPECTED);
            lines.put(line.of(entry.line()), EXPECTED);
        });
        var found = new Findings();
        actual.each(entry -> {
            if (paths.get(path.of(entry.path())) == 0) {
                found.add(Kind.UNEXPECTED, entry);
                return;
            }
            paths.put(path, SEEN);
            if (lines.get(line.of(entry.line())) == 0) {
                found.add(Kind.CHANGED, entry);
            }
        });
        expected.each(entry -> {
            if (paths.get(path.of(entry.path())) == EXPECTED) {
                found.add(Kind.MISSING, entry);
            }
        });
        return found.comparison();
    }

    private static final class Findings {
        private final EnumMap<Kind, Long> counts = new EnumMap<>(Kind.class);
        private final List<Difference> first = new ArrayList<>();

        void add(Kind kind, ManifestEntry entry) {
            counts.merge(kind, 1L, Long::sum);
            if (first.size() < LINES) {
                first.add(new Difference(kind, Printable.of(entry.path())));
            }
        }

        ManifestComparison comparison() {
            long missing = counts.getOrDefault(Kind.MISSING, 0L);
            long unexpected = counts.getOrDefault(Kind.UNEXPECTED, 0L);
            long changed = counts.getOrDefault(Kind.CHANGED, 0L);
            var outcome = missing + unexpected + changed == 0 ? Outcome.COMPLETE : Outcome.INCOMPLETE;
            return new ManifestComparison(outcome, missing, unexpected, changed, first);
        }
    }
}
