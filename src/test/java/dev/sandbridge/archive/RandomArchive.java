package dev.sandbridge.archive;

import dev.sandbridge.archive.Archives.Item;
import dev.sandbridge.workspace.FileType;
import java.time.Instant;
import java.util.List;

/** A random tree as an archive: what a disk can hold of it, readable for its owner. */
public record RandomArchive(byte[] tar, String manifest) {
    /** The same for the same seed. */
    public static RandomArchive of(long seed) {
        List<Item> items = RandomTree.of(seed).stream().map(RandomArchive::real).toList();
        var packed = Archives.pack(items, ArchiveLimits.STANDARD);
        return new RandomArchive(packed.tar(), packed.manifest().digest());
    }

    private static Item real(Item item) {
        TreeEntry entry = item.entry();
        int mode = entry.type() == FileType.DIRECTORY ? entry.mode() | 0700 : entry.mode() | 0600;
        var modified = Instant.ofEpochSecond(
                Math.floorMod(entry.modified().getEpochSecond(), 1L << 32),
                entry.modified().getNano());
        var real = new TreeEntry(
                entry.path(), entry.type(), mode, entry.size(), modified, entry.uid(), entry.gid(), 1, entry.target());
        return new Item(real, item.content());
    }
}
