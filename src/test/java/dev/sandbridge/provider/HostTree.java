package dev.sandbridge.provider;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.archive.Vanished;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileType;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A directory of this machine as a tree. Not safe against crashes, nor against who changes links meanwhile. */
final class HostTree implements SandboxTree {
    private final Path root;
    private final Path staging;
    private final Runnable require;
    private final AtomicBoolean replaced = new AtomicBoolean();

    /** @param require throws once the sandbox is gone */
    HostTree(Path root, Path staging, Runnable require) {
        this.root = root;
        this.staging = staging;
        this.require = require;
    }

    @Override
    public Reader read(Set<String> excludes) {
        require.run();
        return new HostReader(excludes);
    }

    @Override
    public Replacement replace() {
        require.run();
        if (!replaced.compareAndSet(false, true)) {
            throw new SandboxException(ErrorCode.CONFLICT, "another replacement is under way").retry(Retry.YES);
        }
        try {
            return new HostReplacement(Files.createTempDirectory(staging, "tree"));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private final class HostReader implements Reader {
        private final Set<String> excludes;
        private final Deque<Path> todo = new ArrayDeque<>();
        private final Vanished vanished = new Vanished();
        private InputStream content = InputStream.nullInputStream();
        private boolean changed;

        HostReader(Set<String> excludes) {
            this.excludes = excludes;
            todo.add(root);
        }

        @Override
        public @Nullable TreeEntry next() throws IOException {
            content.close();
            while (!todo.isEmpty()) {
                Path path = todo.pop();
                String name = root.relativize(path).toString();
                if (excludes.contains(name)) {
                    continue;
                }
                try {
                    var entry = entry(path, name);
                    if (entry.type() == FileType.DIRECTORY) {
                        sorted(path).reversed().forEach(todo::push);
                    }
                    changed = false;
                    content = entry.type() == FileType.FILE ? new Content(path, entry) : InputStream.nullInputStream();
                    return entry;
                } catch (IOException gone) {
                    vanished.add(name);
                }
            }
            return null;
        }

        private static List<Path> sorted(Path directory) throws IOException {
            try (Stream<Path> entries = Files.list(directory)) {
                return entries.sorted().toList();
            }
        }

        @Override
        public InputStream content() {
            return content;
        }

        @Override
        public boolean changed() {
            return changed;
        }

        @Override
        public Vanished vanished() {
            return vanished;
        }

        @Override
        public void close() {
            try {
                content.close();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        /** Exactly the size; zeros where the file has become shorter. */
        private final class Content extends InputStream {
            private final InputStream in;
            private final Path path;
            private final TreeEntry entry;
            private final Object opened;
            private long left;

            Content(Path path, TreeEntry entry) throws IOException {
                this.in = new FileInputStream(path.toFile());
                this.opened = changedAt(path);
                this.path = path;
                this.entry = entry;
                this.left = entry.size();
            }

            @Override
            public int read() throws IOException {
                var one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (left == 0) {
                    return -1;
                }
                int part = (int) Math.min(left, length);
                int n = in.read(bytes, offset, part);
                if (n < 0) {
                    Arrays.fill(bytes, offset, offset + part, (byte) 0);
                    n = part;
                }
                left -= n;
                if (left == 0) {
                    changed = isChanged();
                }
                return n;
            }

            private boolean isChanged() throws IOException {
                try {
                    return entry(path, "").size() != entry.size()
                            || !changedAt(path).equals(opened);
                } catch (NoSuchFileException gone) {
                    return true;
                }
            }

            @Override
            public void close() throws IOException {
                in.close();
            }
        }
    }

    private static Object changedAt(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ctime", LinkOption.NOFOLLOW_LINKS);
    }

    private static TreeEntry entry(Path path, String name) throws IOException {
        Map<String, Object> facts = Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
        int mode = (Integer) Objects.requireNonNull(facts.get("mode"));
        var type =
                switch (mode & 0170000) {
                    case 0100000 -> FileType.FILE;
                    case 0040000 -> FileType.DIRECTORY;
                    case 0120000 -> FileType.SYMLINK;
                    default -> FileType.OTHER;
                };
        var time = (FileTime) Objects.requireNonNull(facts.get("lastModifiedTime"));
        return new TreeEntry(
                name,
                type,
                mode & 07777,
                type == FileType.FILE ? (Long) Objects.requireNonNull(facts.get("size")) : 0,
                time.toInstant(),
                (Integer) Objects.requireNonNull(facts.get("uid")),
                (Integer) Objects.requireNonNull(facts.get("gid")),
                (Integer) Objects.requireNonNull(facts.get("nlink")),
                type == FileType.SYMLINK ? Files.readSymbolicLink(path).toString() : null);
    }

    private final class HostReplacement implements Replacement {
        private final Path place;
        private final List<TreeEntry> directories = new ArrayList<>();
        private boolean closed;

        HostReplacement(Path place) {
            this.place = place;
        }

        @Override
        public void add(TreeEntry entry, InputStream content) throws IOException {
            Path path = place.resolve(entry.path());
            Files.createDirectories(entry.path().isEmpty() ? path : Objects.requireNonNull(path.getParent()));
            switch (entry.type()) {
                case DIRECTORY -> {
                    Files.createDirectories(path);
                    directories.add(entry);
                }
                case SYMLINK -> {
                    Files.createSymbolicLink(path, Path.of(Objects.requireNonNull(entry.target())));
                    setTime(path, entry.modified());
                }
                case FILE -> {
                    addFile(path, entry, content);
                    Files.setAttribute(path, "unix:mode", entry.mode() & 0777);
                    setTime(path, entry.modified());
                }
                case OTHER -> throw new SandboxException(ErrorCode.INVALID_REQUEST, "a special file");
            }
        }

        private static void addFile(Path path, TreeEntry entry, InputStream content) throws IOException {
            try (OutputStream out = Files.newOutputStream(path)) {
                long left = entry.size();
                var buffer = new byte[1 << 16];
                while (left > 0) {
                    int n = content.read(buffer, 0, (int) Math.min(left, buffer.length));
                    if (n < 0) {
                        throw new SandboxException(ErrorCode.INVALID_REQUEST, "the content is too short");
                    }
                    out.write(buffer, 0, n);
                    left -= n;
                }
            }
            if (content.read() >= 0) {
                throw new SandboxException(ErrorCode.INVALID_REQUEST, "the content is too long");
            }
        }

        @Override
        public void commit(boolean clear) {
            try {
                Files.createDirectories(root);
                if (clear) {
                    try (var entries = Files.list(root)) {
                        entries.forEach(HostFiles::removeTree);
                    }
                }
                merge(place, root);
                directories.sort(Comparator.comparing(TreeEntry::path).reversed());
                for (TreeEntry entry : directories) {
                    Path path = root.resolve(entry.path());
                    setTime(path, entry.modified());
                    Files.setAttribute(path, "unix:mode", entry.mode());
                }
            } catch (IOException failed) {
                throw new SandboxException(ErrorCode.WORKSPACE_WRITE_FAILED, "the tree cannot be put in place", failed);
            }
        }

        private static void merge(Path from, Path to) throws IOException {
            try (var entries = Files.list(from)) {
                for (Path entry : entries.toList()) {
                    Path target = to.resolve(entry.getFileName());
                    boolean both = Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)
                            && Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS);
                    if (both) {
                        merge(entry, target);
                        continue;
                    }
                    if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
                        HostFiles.removeTree(target);
                    } else {
                        Files.deleteIfExists(target);
                    }
                    Files.move(entry, target, StandardCopyOption.ATOMIC_MOVE);
                }
            }
        }

        private static void setTime(Path path, Instant time) throws IOException {
            Files.getFileAttributeView(path, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .setTimes(FileTime.from(time), null, null);
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                if (Files.exists(place)) {
                    HostFiles.removeTree(place);
                }
                replaced.set(false);
            }
        }
    }
}
