package dev.sandbridge.archive;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an archive holds otherwise than the workspace did, so that nothing is left out in silence.
 *
 * @param counts how often each kind occurred; kinds that did not are absent
 * @param lines the first of each kind, {@value #LINES} at most
 */
public record ArchiveReport(Map<Kind, Long> counts, List<Line> lines) {
    static final int LINES = 900;

    /** What can differ. */
    public enum Kind {
        /** A fifo, socket or device, left out. */
        SPECIAL_FILE,
        /** A file that has other names too, written as a copy. */
        HARD_LINK_COPIED,
        /** An absolute link into the workspace, made relative. */
        LINK_REWRITTEN,
        /** A link that leads out of the workspace, or through more links than are followed; left out. */
        LINK_LEAVES_WORKSPACE,
        /** A name that archives must not have, or that is too long or too deep; left out. */
        NAME_NOT_ALLOWED,
        /** Set-user-id and set-group-id bits, dropped. */
        SET_ID_DROPPED,
        /** A time that archives cannot hold, moved to the nearest that they can. */
        TIME_CLAMPED,
        /** Gone or unreadable before it was its turn; left out. */
        VANISHED,
        /** Changed while it was read: the content is a mixture. */
        CHANGED
    }

    /**
     * One difference.
     *
     * @param path relative to the workspace, printable: see {@link Printable}
     * @param detail what a link says, or which rule a name breaks
     */
    public record Line(Kind kind, String path, @Nullable String detail) {
        @Override
        public String toString() {
            return "Line[" + kind + "]";
        }
    }

    public ArchiveReport {
        counts = Map.copyOf(counts);
        lines = List.copyOf(lines);
    }

    /** Whether the archive holds exactly what the workspace did. */
    public boolean isEmpty() {
        return counts.isEmpty();
    }

    /** A report in the making; one thread. */
    static final class Notes {
        private static final int EACH = LINES / Kind.values().length;

        private final EnumMap<Kind, Long> counts = new EnumMap<>(Kind.class);
        private final List<Line> lines = new ArrayList<>();

        void add(Kind kind, String path, @Nullable String detail) {
            if (counts.merge(kind, 1L, Long::sum) <= EACH) {
                lines.add(new Line(kind, Printable.of(path), detail == null ? null : Printable.of(detail)));
            }
        }

        /** So many more, of which no more is known. */
        void add(Kind kind, long more) {
            if (more > 0) {
                counts.merge(kind, more, Long::sum);
            }
        }

        ArchiveReport report() {
            return new ArchiveReport(counts, lines);
        }
    }
}
