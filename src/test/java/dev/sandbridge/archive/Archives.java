package dev.sandbridge.archive;

import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Collection;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Archives in memory, packed and unpacked as a whole. */
final class Archives {
    /** One file, directory or link with all of its content. */
    record Item(TreeEntry entry, byte[] content) {}

    /** What an archive held, by path. */
    record Unpacked(TreeMap<String, Item> items, Manifest manifest, TreeMap<String, ManifestEntry> listing) {
        TreeEntry entry(String path) {
            return Objects.requireNonNull(items.get(path), path).entry();
        }
    }

    /** An archive and what packing it told. */
    record PackedBytes(byte[] tar, Manifest manifest, ArchiveReport report) {}

    static final Instant TIME = Instant.parse("2026-01-02T03:04:05Z");

    private Archives() {}

    static Item file(String path, byte[] content) {
        return new Item(entry(path, FileType.FILE, content.length, null), content);
    }

    static Item directory(String path) {
        return new Item(entry(path, FileType.DIRECTORY, 0, null), new byte[0]);
    }

    static Item link(String path, String target) {
        return new Item(entry(path, FileType.SYMLINK, 0, target), new byte[0]);
    }

    static TreeEntry entry(String path, FileType type, long size, @Nullable String target) {
        int mode = type == FileType.FILE ? 0644 : type == FileType.DIRECTORY ? 0755 : 0777;
        return new TreeEntry(path, type, mode, size, TIME, 1000, 1000, 1, target);
    }

    static PackedBytes pack(Collection<Item> items, ArchiveLimits limits) {
        var tar = new ByteArrayOutputStream();
        try {
            var packer = new TreePacker(tar, limits, line -> {});
            for (Item item : items) {
                packer.add(item.entry(), new ByteArrayInputStream(item.content()), () -> false);
            }
            var packed = packer.finish(new Vanished());
            return new PackedBytes(tar.toByteArray(), packed.manifest(), packed.report());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    static Unpacked unpack(byte[] archive, ArchiveLimits limits) {
        return unpack(new ByteArrayInputStream(archive), limits);
    }

    static Unpacked unpack(InputStream archive, ArchiveLimits limits) {
        var items = new TreeMap<String, Item>();
        var listing = new TreeMap<String, ManifestEntry>();
        try (var unpacker = new TreeUnpacker(archive, limits, line -> listing.put(line.path(), line))) {
            for (TreeEntry entry = unpacker.next(); entry != null; entry = unpacker.next()) {
                items.put(entry.path(), new Item(entry, unpacker.content().readAllBytes()));
            }
            return new Unpacked(items, unpacker.manifest(), listing);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
