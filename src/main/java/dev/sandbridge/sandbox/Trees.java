package dev.sandbridge.sandbox;

import dev.sandbridge.archive.ArchiveLimits;
import dev.sandbridge.archive.ManifestComparison;
import dev.sandbridge.archive.ManifestEntry;
import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.archive.TreePacker;
import dev.sandbridge.archive.TreeUnpacker;
import dev.sandbridge.error.ErrorCode;
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

    Trees(ArchiveLimits limits) {
        this.limits = limits;
    }

    /**
     * Packs the workspace.
     *
     * @param tar written to, neither flushed nor closed
     * @param listing told every entry of the manifest
     */
    TreePacker.Packed pack(Found found, Set<String> excludes, OutputStream tar, Consumer<ManifestEntry> listing)
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
                var unpacker = new TreeUnpacker(archive, limits, entry -> {})) {
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
                requireSame(expected, unpacker);
            }
            replacement.commit(clear);
        }
    }

    private static void requireSame(String expected, TreeUnpacker unpacker) {
        var comparison = ManifestComparison.of(expected, unpacker.manifest());
        if (comparison.outcome() != ManifestComparison.Outcome.COMPLETE) {
            throw told(
                    new SandboxException(
                                    ErrorCode.WORKSPACE_WRITE_FAILED,
                                    "the archive does not hold what the manifest says; the workspace is as it was")
                            .action("send the archive that the manifest belongs to, or leave the manifest out"),
                    comparison);
        }
    }

    private static SandboxException told(SandboxException failure, ManifestComparison comparison) {
        Map<String, Object> details = new HashMap<>(failure.details());
        details.put("restore", comparison.outcome().name().toLowerCase(Locale.ROOT));
        return failure.details(details);
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
