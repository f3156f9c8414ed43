package dev.sandbridge.sandbox;

import dev.sandbridge.archive.TreePacker.Packed;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** The last reports of all sandboxes, in memory; the oldest give way. Thread-safe. */
final class ArchiveReports {
    private static final int MOST = 200;
    private static final int MOST_LINES = 20_000;

    private record Key(SandboxName sandbox, long number) {}

    private final Clock clock;
    private final AtomicLong last = new AtomicLong();
    private final Map<Key, StoredReport> kept = new LinkedHashMap<>();
    private int lines;

    ArchiveReports(Clock clock) {
        this.clock = clock;
    }

    /** A number for a report to come; larger than any before, also after a restart of the service. */
    long next() {
        return last.updateAndGet(before -> Math.max(before + 1, clock.millis()));
    }

    synchronized StoredReport keep(SandboxName sandbox, long number, Packed packed) {
        var stored = new StoredReport(number, clock.instant(), packed.manifest(), packed.report());
        kept.put(new Key(sandbox, number), stored);
        lines += packed.report().lines().size();
        var oldest = kept.values().iterator();
        while (kept.size() > MOST || lines > MOST_LINES) {
            lines -= oldest.next().report().lines().size();
            oldest.remove();
        }
        return stored;
    }

    synchronized StoredReport get(SandboxName sandbox, long number) {
        StoredReport report = kept.get(new Key(sandbox, number));
        if (report == null) {
            throw new SandboxException(ErrorCode.REPORT_NOT_FOUND, "no such report, or not any more")
                    .action("ask for it soon after the persist that named it");
        }
        return report;
    }
}
