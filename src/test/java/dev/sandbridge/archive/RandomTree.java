package dev.sandbridge.archive;

import dev.sandbridge.archive.Archives.Item;
import dev.sandbridge.workspace.FileNames;
import dev.sandbridge.workspace.FileType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A tree as no one would make it on purpose, and as agents do make them; the same for the same seed. */
final class RandomTree {
    private static final String[] PIECES = {
        "a",
        "b",
        "lib",
        "node_modules",
        ".git",
        " ",
        "-rf",
        "*",
        "\n",
        "\t",
        "\"",
        "é",
        "日本",
        "😀",
        "..x",
        "x..",
        "C:",
        "\\",
        "PaxHeaders",
        "./",
        "%41",
        "=",
        "~"
    };

    private final Random random;
    private final List<String> directories = new ArrayList<>(List.of(""));
    private final Set<String> taken = new HashSet<>(Set.of(""));
    private final List<String> links = new ArrayList<>();
    private final List<Item> items = new ArrayList<>();

    private RandomTree(long seed) {
        random = new Random(seed);
    }

    static List<Item> of(long seed) {
        var tree = new RandomTree(seed);
        tree.items.add(tree.item("", FileType.DIRECTORY, 0, null));
        int count = tree.random.nextInt(60);
        for (int i = 0; i < count; i++) {
            tree.addOne();
        }
        return tree.items;
    }

    private void addOne() {
        String parent = directories.get(random.nextInt(directories.size()));
        String path = (parent.isEmpty() ? "" : parent + "/") + name();
        if (!taken.add(path)) {
            return;
        }
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> {
                directories.add(path);
                items.add(item(path, FileType.DIRECTORY, 0, null));
            }
            case 3, 4, 5 -> {
                links.add(path);
                items.add(item(path, FileType.SYMLINK, 0, target()));
            }
            case 6 -> items.add(item(path, FileType.OTHER, 0, null));
            default -> items.add(item(path, FileType.FILE, size(), null));
        }
    }

    private int size() {
        int[] sizes = {0, 1, 511, 512, 513, 70_000, random.nextInt(3000)};
        return sizes[random.nextInt(sizes.length)];
    }

    private Item item(String path, FileType type, int size, @Nullable String target) {
        var content = new byte[size];
        random.nextBytes(content);
        var entry = new TreeEntry(
                path, type, random.nextInt(010000), size, time(), id(), id(), 1 + random.nextInt(2), target);
        return new Item(entry, content);
    }

    private String name() {
        if (random.nextInt(12) == 0) {
            var bytes = new byte[1 + random.nextInt(255)];
            random.nextBytes(bytes);
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = bytes[i] == 0 || bytes[i] == '/' ? (byte) 'z' : bytes[i];
            }
            String name = FileNames.decode(bytes);
            return name.equals(".") || name.equals("..") ? "dots" : name;
        }
        var name = new StringBuilder();
        int pieces = 1 + random.nextInt(random.nextInt(10) == 0 ? 60 : 3);
        for (int i = 0; i < pieces; i++) {
            name.append(PIECES[random.nextInt(PIECES.length)].replace("/", ""));
        }
        return name.toString().equals(".") || name.toString().equals("..") ? "dots" : name.toString();
    }

    private String target() {
        var target = new StringBuilder(random.nextInt(5) == 0 ? "/workspace/" : random.nextInt(12) == 0 ? "/" : "");
        int parts = 1 + random.nextInt(5);
        for (int i = 0; i < parts; i++) {
            target.append(i == 0 ? "" : "/").append(part());
        }
        return target.toString();
    }

    private String part() {
        return switch (random.nextInt(6)) {
            case 0, 1 -> "..";
            case 2 -> ".";
            case 3 -> links.isEmpty() ? "l" : links.get(random.nextInt(links.size()));
            case 4 -> directories.get(random.nextInt(directories.size()));
            default -> name();
        };
    }

    private Instant time() {
        return switch (random.nextInt(5)) {
            case 0 -> Instant.ofEpochSecond(random.nextInt());
            case 1 -> Instant.ofEpochSecond(-random.nextInt(1 << 30), random.nextInt(1_000_000_000));
            case 2 -> Instant.ofEpochSecond(random.nextLong(1L << 40), 1);
            default -> Instant.ofEpochSecond(1_700_000_000 + random.nextInt(1 << 26), random.nextInt(1_000_000_000));
        };
    }

    private long id() {
        return random.nextInt(4) == 0 ? random.nextLong(1L << 32) : random.nextInt(70_000);
    }
}
