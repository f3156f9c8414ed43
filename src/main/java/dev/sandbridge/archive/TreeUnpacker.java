package dev.sandbridge.archive;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileType;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks an archive of a tree, plain or gzip, as a stream. Every entry that it gives has been checked; whether all of
 * them may be put in place is known when {@link #next} has returned null, and not before. One thread.
 *
 * <p>Failures: WORKSPACE_WRITE_FAILED or PAYLOAD_TOO_LARGE, not retryable, with {@code member} and {@code rule} in
 * their details; INVALID_REQUEST for an archive of no bytes.
 */
public final class TreeUnpacker implements AutoCloseable {
    private final InputStream archive;
    private final ArchiveLimits limits;
    private final HydrateRules rules;
    private final ManifestBuilder manifest;
    private final MessageDigest digest = ManifestBuilder.sha256();
    private final byte[] unread = new byte[8 << 10];

    private @Nullable ArchiveInput input;
    private @Nullable TarReader reader;
    private @Nullable TreeEntry entry;
    private @Nullable HashedInput content;
    private boolean ended;
    private boolean interrupted;

    /**
     * Begins to read.
     *
     * @param archive read to its end, never closed
     * @param listing told every entry of the manifest, in the archive's order
     */
    public TreeUnpacker(InputStream archive, ArchiveLimits limits, Consumer<ManifestEntry> listing) {
        this.archive = archive;
        this.limits = limits;
        this.rules = new HydrateRules(limits);
        this.manifest = new ManifestBuilder(listing);
    }

    /**
     * The next entry, or null after the last one and after all rules that concern the whole. Set-id bits are gone,
     * directories that come again are not given again, targets of links are relative and stay inside.
     *
     * @throws IOException what the archive's stream threw
     */
    public @Nullable TreeEntry next() throws IOException {
        if (ended) {
            return null;
        }
        try {
            endEntry();
            entry = nextAllowed(reader());
        } catch (SandboxException refused) {
            interrupted = Refusal.isTruncation(refused);
            throw refused;
        }
        ended = entry == null;
        return entry;
    }

    /** The content of the regular file last given, exactly its size; empty for everything else. */
    public InputStream content() {
        return content == null ? InputStream.nullInputStream() : content;
    }

    /** What was read; only after {@link #next} has returned null. */
    public Manifest manifest() {
        if (!ended) {
            throw new IllegalStateException("the archive has not been read to its end");
        }
        return manifest.build();
    }

    /** Whether the archive ended before its end: what {@link #next} or the content threw was about that. */
    public boolean interrupted() {
        return interrupted || (content != null && content.isInterrupted());
    }

    /** Frees what decompression holds. */
    @Override
    public void close() {
        if (input != null) {
            input.close();
        }
    }

    private TarReader reader() throws IOException {
        if (reader == null) {
            input = ArchiveInput.open(archive, limits);
            reader = new TarReader(input.tar());
        }
        return reader;
    }

    private @Nullable TreeEntry nextAllowed(TarReader tar) throws IOException {
        for (TarMember member = tar.next(); member != null; member = tar.next()) {
            TreeEntry allowed = rules.check(member);
            if (allowed != null) {
                content = allowed.type() == FileType.FILE ? new HashedInput(tar.content(), digest) : null;
                return allowed;
            }
        }
        rules.finish();
        return null;
    }

    private void endEntry() throws IOException {
        if (entry != null) {
            manifest.add(entry, content == null ? null : content.sha256(unread));
            content = null;
            entry = null;
        }
    }
}
