package dev.sandbridge.sandbox;

import dev.sandbridge.archive.KnownManifests;
import dev.sandbridge.archive.Manifest;
import dev.sandbridge.archive.TreePacker.Packed;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.sandbox.Visits.Visit;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.time.Duration;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Workspaces as archives; the rules of {@link SandboxService} hold. */
public final class ArchiveService {
    /** How long a hydrate waits for room; the contract's clients wait two minutes for its answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(100);

    private static final int DIGEST = 64;

    private final Visits visits;
    private final Deadlines deadlines;
    private final Trees trees;
    private final ArchiveReports reports;
    private final KnownManifests manifests;

    ArchiveService(Visits visits, Deadlines deadlines, Trees trees, ArchiveReports reports, KnownManifests manifests) {
        this.visits = visits;
        this.deadlines = deadlines;
        this.trees = trees;
        this.reports = reports;
        this.manifests = manifests;
    }

    /** Where an archive goes; opened when the sandbox is there, told the number that its report will have. */
    @FunctionalInterface
    public interface Target {
        OutputStream open(long report) throws IOException;
    }

    /**
     * Writes the workspace as a tar archive; starts no sandbox. What cannot be in an archive, or changed meanwhile, is
     * in the report.
     *
     * @param excludes paths that are left out with all below them
     */
    public Manifest persist(Caller caller, SandboxRef ref, Collection<String> excludes, Target target)
            throws IOException {
        var paths = Excludes.of(excludes);
        try (Visit visit = visits.enter(caller, ref)) {
            var found = visit.found();
            long number = reports.next();
            Packed packed = deadlines.within(
                    found.state().timeouts().archive(),
                    "persisting the workspace",
                    () -> trees.pack(found, paths, target.open(number)));
            reports.keep(found.id().name(), number, packed);
            return packed.manifest();
        }
    }

    /** What an earlier persist of the sandbox wrote, as long as it is kept; also after the sandbox was deleted. */
    public StoredReport report(Caller caller, SandboxRef ref, long number) {
        return reports.get(visits.own(caller, ref).name(), number);
    }

    /** What an archive of that digest held, as long as it is known; also after the sandbox was deleted. */
    public KnownManifests.Listing manifest(Caller caller, SandboxRef ref, String digest) {
        visits.own(caller, ref);
        return manifests.find(caller.owner().text(), digest).orElseThrow(() -> new SandboxException(
                        ErrorCode.REPORT_NOT_FOUND, "no such manifest, or it is not known any more")
                .action("ask for it soon after the persist or snapshot that it belongs to"));
    }

    /**
     * Puts a tar archive, plain or compressed, into the workspace, all of it or nothing; revives.
     *
     * @param clear whether what the archive does not hold is removed; otherwise directories are merged
     * @param manifest digest that the archive's manifest must have, or null
     * @throws SandboxException CONFLICT, retryable, while another one is under way
     */
    public void hydrate(Caller caller, SandboxRef ref, InputStream archive, boolean clear, @Nullable String manifest)
            throws IOException {
        if (manifest != null && !manifest.matches("[0-9a-f]{" + DIGEST + "}")) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "manifest must be 64 lower-case hexadecimal digits");
        }
        InputStream content = notEmpty(archive);
        try (Visit visit = enter(caller, ref)) {
            var found = visit.found();
            deadlines.within(found.state().timeouts().archive(), "hydrating the workspace", () -> {
                trees.unpack(found, content, clear, manifest);
                return found;
            });
        }
    }

    private static InputStream notEmpty(InputStream archive) throws IOException {
        var content = new PushbackInputStream(archive, 1);
        int first = content.read();
        if (first < 0) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "Empty tar payload")
                    .action("send a tar archive; one of an empty workspace is 1024 bytes of zeros");
        }
        content.unread(first);
        return content;
    }

    /** Waits for room for another sandbox, and says something else than "try again later" when there is none. */
    private Visit enter(Caller caller, SandboxRef ref) {
        return deadlines.quick(PATIENCE, "waiting for room for the sandbox", () -> {
            while (true) {
                try {
                    return visits.revive(caller, ref);
                } catch (SandboxException full) {
                    if (full.code() != ErrorCode.CAPACITY_EXCEEDED) {
                        throw full;
                    }
                    Trees.pause(full);
                }
            }
        });
    }
}
