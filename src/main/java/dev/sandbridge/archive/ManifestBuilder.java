package dev.sandbridge.archive;

import dev.sandbridge.workspace.FileType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A manifest in the making. Its digest is SHA-256 over the entries' own hashes in ascending order, so that it does not
 * depend on the order of the entries; for that, 52 bytes are kept for each. One thread.
 */
final class ManifestBuilder {
    private final Consumer<ManifestEntry> listing;
    private final MessageDigest digest = sha256();
    private final List<byte[]> hashes = new ArrayList<>();
    private long bytes;

    ManifestBuilder(Consumer<ManifestEntry> listing) {
        this.listing = listing;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    void add(TreeEntry entry, @Nullable String sha256) {
        int mode = entry.type() == FileType.SYMLINK ? 0777 : entry.mode();
        var line = new ManifestEntry(
                entry.path(), entry.type(), mode, entry.size(), entry.modified(), entry.target(), sha256);
        hashes.add(digest.digest(line.line().getBytes(StandardCharsets.US_ASCII)));
        bytes += entry.size();
        listing.accept(line);
    }

    Manifest build() {
        hashes.sort(Arrays::compareUnsigned);
        hashes.forEach(digest::update);
        return new Manifest(HexFormat.of().formatHex(digest.digest()), hashes.size(), bytes);
    }
}
