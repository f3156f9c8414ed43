package dev.sandbridge.sandbox;

import dev.sandbridge.archive.ArchiveLimits;
import dev.sandbridge.archive.KnownManifests;
import dev.sandbridge.archive.Manifest;
import dev.sandbridge.archive.ManifestComparison;
import dev.sandbridge.archive.ManifestEntry;
import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.archive.TreePacker;
import dev.sandbridge.archive.TreePacker.Packed;
import dev.sandbridge.archive.TreeUnpacker;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxTree;
import dev.sandbridge.provider.SandboxTree.Replacement;
import dev.sandbridge.sandbox.Sandboxes.Found;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Moves workspaces to archives and archives to workspaces. */
final class Trees {
    /** Between two tries to begin, where a sandbox has no room for one more process just now. */
    private static final Duration PAUSE = Duration.ofMillis(100);

    private final ArchiveLimits limits;
    private final KnownManifests manifests;

    Trees(ArchiveLimits limits, KnownManifests manifests) {
        this.limits = limits;
        this.manifests = manifests;
    }

    /**
     * Packs the workspace; what the archive holds is known from then on.
     *
     * @param tar written to, neither flushed nor closed
     */
    Packed pack(Found found, Set<String> excludes, OutputStream tar) throws IOException {
        try (KnownManifests.Draft listing = manifests.begin()) {
            Packed packed = pack(found, excludes, tar, listing);
            listing.keep(owner(found), packed.manifest().digest());
            return packed;
        }
    }

    /** What an archive of the workspace would hold; none is made. */
    Packed fingerprint(Found found) throws IOException {
        return pack(found, Set.of(), OutputStream.nullOutputStream(), entry -> {});
    }

    private Packed pack(Found found, Set<String> excludes, OutputStream tar, Consumer<ManifestEntry> listing)
            throws IOException {
        try (SandboxTree.Reader reader = tree(found).read(excludes)) {
            var packer = new TreePacker(tar, limits, listing);
            for (TreeEntry entry = reader.next(); entry != null; entry = reader.next()) {
                packer.add(entry, reader.content(), reader::changed);
            }
            return packer.finish(reader.vanished());
        }
    }

    /**
     * Puts an archive into the workspace, all of it or nothing.
     *
     * @param clear whether the workspace holds nothing else afterwards
     * @param expected digest that the archive's manifest must have, or null
     */
    void unpack(Found found, InputStream archive, boolean clear, @Nullable String expected) throws IOException {
        try (Replacement replacement = begin(tree(found));
                KnownManifests.Draft listing = expected == null ? manifests.none() : manifests.begin();
                var unpacker = new TreeUnpacker(archive, limits, listing)) {
            try {
                for (TreeEntry entry = unpacker.next(); entry != null; entry = unpacker.next()) {
                    replacement.add(entry, unpacker.content());
                }
            } catch (SandboxException refused) {
                throw unpacker.interrupted() && expected != null
                        ? told(refused, ManifestComparison.interrupted())
                        : refused;
            }
            if (expected != null) {
                requireSame(owner(found), expected, unpacker.manifest(), listing);
            }
            replacement.commit(clear);
        }
    }

    /** Where the expected manifest is still known, the refusal says what differs. */
    private void requireSame(String owner, String expected, Manifest actual, KnownManifests.Draft listing) {
        if (expected.equals(actual.digest())) {
            listing.keep(owner, expected);
            return;
        }
        throw told(
                new SandboxException(
                                ErrorCode.WORKSPACE_WRITE_FAILED,
                                "the archive does not hold what the manifest says; the workspace is as it was")
                        .retry(Retry.NO)
                        .action("send the archive that the manifest belongs to, or leave the manifest out"),
                difference(owner, expected, actual, listing));
    }

    private ManifestComparison difference(
            String owner, String expected, Manifest actual, KnownManifests.Listing listing) {
        try {
            var known = manifests.find(owner, expected);
            if (known.isPresent()) {
                return ManifestComparison.of(known.get(), listing);
            }
        } catch (IOException givenWay) {
            // Between the look and the reading.
        }
        return ManifestComparison.of(expected, actual);
    }

    private static SandboxException told(SandboxException failure, ManifestComparison comparison) {
        Map<String, Object> details = new HashMap<>(failure.details());
        details.put("restore", word(comparison.outcome()));
        if (!comparison.differences().isEmpty()) {
            details.put("missing", comparison.missing());
            details.put("unexpected", comparison.unexpected());
            details.put("changed", comparison.changed());
            details.put(
                    "differences",
                    comparison.differences().stream()
                            .map(difference -> Map.of("kind", word(difference.kind()), "path", difference.path()))
                            .toList());
        }
        return failure.details(details);
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static String owner(Found found) {
        return found.handle().spec().owner();
    }

    /** Waits where the sandbox is short of processes: a caller that uploads cannot try again (statement 89). */
    private static Replacement begin(SandboxTree tree) {
        while (true) {
            try {
                return tree.replace();
            } catch (SandboxException busy) {
                if (busy.code() != ErrorCode.CAPACITY_EXCEEDED) {
                    throw busy;
                }
                pause(busy);
            }
        }
    }

    /** Ends by the operation's deadline at the latest. */
    static void pause(SandboxException reason) {
        LockSupport.parkNanos(PAUSE.toNanos());
        if (Thread.currentThread().isInterrupted()) {
            throw new SandboxException(ErrorCode.OPERATION_TIMEOUT, reason.text(), reason);
        }
    }

    private static SandboxTree tree(Found found) {
        return found.handle().tree().orElseThrow(() -> new SandboxException(
                        ErrorCode.CAPABILITY_UNAVAILABLE, "this provider cannot persist or hydrate workspaces")
                .action("use a profile with another provider"));
    }
}
