package dev.sandbridge.archive;

import dev.sandbridge.archive.ArchiveReport.Kind;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileType;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Packs a tree into a plain tar archive that {@link TreeUnpacker} accepts under the same limits, whatever the tree
 * holds. Into {@link OutputStream#nullOutputStream} it gives the fingerprint of a live tree. Symlinks come last: only
 * then is it known where each leads. One thread.
 *
 * <p>Failures: WORKSPACE_READ_FAILED, with the limit in its details, for a tree that is too large or contradicts
 * itself. The archive is then unfinished and cannot be read.
 */
public final class TreePacker {
    private static final int BUFFER = 64 << 10;

    /** What was packed. */
    public record Packed(Manifest manifest, ArchiveReport report) {}

    private final ArchiveLimits limits;
    private final TarWriter writer;
    private final ManifestBuilder manifest;
    private final ArchiveReport.Notes notes = new ArchiveReport.Notes();
    private final PersistRules rules;
    private final TreeIndex index = new TreeIndex();
    private final LinkTable table;
    private final MessageDigest digest = ManifestBuilder.sha256();
    private final byte[] buffer = new byte[BUFFER];
    private List<TreeEntry> links = new ArrayList<>();
    private long bytes;

    /**
     * Begins an archive.
     *
     * @param tar written to in large pieces, flushed at the end, not closed
     * @param listing told every entry of the manifest, in the archive's order
     */
    public TreePacker(OutputStream tar, ArchiveLimits limits, Consumer<ManifestEntry> listing) {
        this.limits = limits;
        this.writer = new TarWriter(tar);
        this.manifest = new ManifestBuilder(listing);
        this.rules = new PersistRules(limits, notes);
        this.table = new LinkTable(limits.linkText());
    }

    /**
     * Adds an entry, or notes why it cannot be there.
     *
     * @param content a regular file's, of exactly the entry's size; read to its end, not closed
     * @param changed asked after the content's end: whether it changed meanwhile
     * @throws IOException what {@code content} or the archive's stream threw
     */
    public void add(TreeEntry entry, InputStream content, BooleanSupplier changed) throws IOException {
        TreeEntry admitted = rules.admit(entry);
        if (admitted == null) {
            return;
        }
        place(admitted);
        if (admitted.type() == FileType.SYMLINK) {
            links.add(admitted);
            table.put(admitted.path(), admitted.target() == null ? "" : admitted.target());
            require(!table.isFull(), admitted, "archive link text exceeds limit", limits.linkText());
            return;
        }
        write(admitted, content);
        if (admitted.type() == FileType.FILE && changed.getAsBoolean()) {
            notes.add(Kind.CHANGED, admitted.path(), null);
        }
    }

    /**
     * Ends the archive.
     *
     * @param vanished what could not be read
     */
    public Packed finish(Vanished vanished) throws IOException {
        leaveOutEscapes();
        for (TreeEntry link : links) {
            write(link, InputStream.nullInputStream());
        }
        vanished.paths().forEach(path -> notes.add(Kind.VANISHED, path, null));
        notes.add(Kind.VANISHED, vanished.unnamed());
        writer.finish();
        return new Packed(manifest.build(), notes.report());
    }

    private void place(TreeEntry entry) {
        String path = entry.path();
        boolean sound = entry.size() >= 0
                && isId(entry.uid())
                && isId(entry.gid())
                && path.equals(MemberName.normalize(path))
                && (!path.isEmpty() || entry.type() == FileType.DIRECTORY);
        if (!sound || index.add(path, entry.type()) != null || index.isRepeated()) {
            throw new SandboxException(
                    ErrorCode.WORKSPACE_READ_FAILED,
                    "the workspace was read as a tree that cannot be, at \"" + Printable.of(path) + '"');
        }
        require(index.size() <= limits.members(), entry, "archive member count exceeds limit", limits.members());
        bytes = Math.addExact(bytes, entry.size());
        require(bytes <= limits.bytesOut(), entry, "archive extracted size exceeds limit", limits.bytesOut());
    }

    private void write(TreeEntry entry, InputStream content) throws IOException {
        writer.header(entry);
        String sha256 = null;
        if (entry.type() == FileType.FILE) {
            copy(entry, content);
            writer.pad(entry.size());
            sha256 = HexFormat.of().formatHex(digest.digest());
        }
        manifest.add(entry, sha256);
        require(
                writer.written() <= limits.bytesIn() - 2 * TarHeader.BLOCK,
                entry,
                "archive input size exceeds limit",
                limits.bytesIn());
    }

    private void copy(TreeEntry entry, InputStream content) throws IOException {
        long left = entry.size();
        while (left > 0) {
            int n = content.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (n < 0) {
                throw new SandboxException(
                        ErrorCode.WORKSPACE_READ_FAILED, "a file of the workspace ended before its size");
            }
            digest.update(buffer, 0, n);
            writer.write(buffer, n);
            left -= n;
        }
    }

    /**
     * Without one link another one may lead elsewhere, but only if it was a circle. Where links are so entangled that
     * this does not end soon, none of them is kept.
     */
    private void leaveOutEscapes() {
        boolean all = false;
        while (!all) {
            var inside = new ArrayList<TreeEntry>();
            var outside = new ArrayList<TreeEntry>();
            for (TreeEntry link : links) {
                boolean escapes = table.escapes(link.path(), link.target() == null ? "" : link.target());
                (escapes || table.isExhausted() ? outside : inside).add(link);
            }
            all = outside.isEmpty();
            if (table.isExhausted()) {
                outside.addAll(inside);
                inside.clear();
                all = true;
            }
            for (TreeEntry link : outside) {
                notes.add(Kind.LINK_LEAVES_WORKSPACE, link.path(), link.target());
                table.remove(link.path());
            }
            links = inside;
        }
    }

    private static boolean isId(long id) {
        return id >= 0 && id <= 0xFFFF_FFFFL;
    }

    private static void require(boolean within, TreeEntry entry, String rule, long limit) {
        if (!within) {
            throw Refusal.tooLarge(entry.path(), rule, limit);
        }
    }
}
