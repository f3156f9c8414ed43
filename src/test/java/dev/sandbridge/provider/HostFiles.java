package dev.sandbridge.provider;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileType;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.Principal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Files below a directory of this machine, whose absolute links stay below it. Not safe against who changes links
 * meanwhile.
 */
final class HostFiles implements SandboxFiles {
    private static final int MOST_LINKS = 40;

    private final Path root;
    private final Runnable require;

    /** @param require throws once the sandbox is gone */
    HostFiles(Path root, Runnable require) {
        this.root = root;
        this.require = require;
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    @Override
    public FileInfo stat(WorkspacePath path, boolean follow) {
        return reading(() -> info(resolve(path.text(), follow), name(path)));
    }

    @Override
    public OpenFile read(WorkspacePath path, long offset, long length) {
        return reading(() -> {
            FileInfo info = info(regular(path), name(path));
            long from = Math.min(offset, info.size());
            long most = info.size() - from;
            var in = new FileInputStream(resolve(path.text(), true).toFile());
            in.getChannel().position(from);
            return new OpenFile(info, new WholeRange(in, length < 0 ? most : Math.min(length, most)));
        });
    }

    @Override
    public FileInfo write(WorkspacePath path, InputStream content, long length, @Nullable Integer mode)
            throws IOException {
        Path target = writing(() -> {
            Path place = resolve(path.text(), true);
            if (Files.exists(place) && !Files.isRegularFile(place)) {
                throw new SandboxException(ErrorCode.WRONG_FILE_TYPE, "not a regular file");
            }
            makeParents(parent(place));
            return place;
        });
        Path staged = writing(() -> Files.createTempFile(root.resolve("staging"), "new", ""));
        try {
            long came = Files.copy(content, staged, StandardCopyOption.REPLACE_EXISTING);
            if (length >= 0 && came != length) {
                throw new SandboxException(ErrorCode.INVALID_REQUEST, came + " bytes came instead of " + length);
            }
            require.run();
            return writing(() -> {
                boolean keeps = mode == null && Files.exists(target);
                setMode(staged, mode != null ? mode : keeps ? info(target, "").mode() : 0644);
                Files.move(staged, target, StandardCopyOption.ATOMIC_MOVE);
                return info(target, name(path));
            });
        } finally {
            Files.deleteIfExists(staged);
        }
    }

    @Override
    public void list(WorkspacePath directory, Consumer<FileInfo> entry) {
        Path place = reading(() -> resolve(directory.text(), true));
        var entries = reading(() -> {
            info(place, "");
            try (var stream = Files.newDirectoryStream(place)) {
                var all = new ArrayList<Path>();
                stream.forEach(all::add);
                return all;
            }
        });
        entries.forEach(
                path -> entry.accept(reading(() -> info(path, path.getFileName().toString()))));
    }

    @Override
    public FileInfo makeDirectory(WorkspacePath path, boolean parents, @Nullable Integer mode) {
        return writing(() -> {
            Path place = resolve(path.text(), false);
            if (parents) {
                makeParents(parent(place));
            }
            if (!parents || !Files.isDirectory(place)) {
                Files.createDirectory(place);
                setMode(place, mode == null ? 0755 : mode);
            }
            return info(place, name(path));
        });
    }

    @Override
    public void delete(WorkspacePath path, boolean recursive) {
        writing(() -> {
            Path place = resolve(path.text(), false);
            info(place, "");
            if (recursive) {
                removeTree(place);
            } else {
                Files.delete(place);
            }
            return place;
        });
    }

    /** Where a path of the sandbox lies on this machine. */
    Path resolve(String path, boolean follow) {
        var todo = new ArrayDeque<>(List.of(path.split("/")));
        Path at = root;
        for (int links = 0; !todo.isEmpty(); ) {
            String part = todo.removeFirst();
            if (part.isEmpty() || part.equals(".")) {
                continue;
            }
            if (part.equals("..")) {
                at = at.equals(root) ? root : parent(at);
                continue;
            }
            Path next = at.resolve(part);
            if (Files.isSymbolicLink(next) && (follow || !todo.isEmpty())) {
                if (++links > MOST_LINKS) {
                    throw new SandboxException(ErrorCode.FILE_NOT_FOUND, "too many links");
                }
                String target = uncheckedTarget(next);
                at = target.startsWith("/") ? root : at;
                var parts = List.of(target.split("/"));
                parts.reversed().forEach(todo::addFirst);
            } else {
                at = next;
            }
        }
        return at;
    }

    static void removeTree(Path tree) {
        try {
            Files.walkFileTree(tree, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    Files.delete(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failed)
                        throws IOException {
                    Files.delete(directory);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private Path regular(WorkspacePath path) throws IOException {
        Path place = resolve(path.text(), true);
        if (info(place, "").type() != FileType.FILE) {
            throw new SandboxException(ErrorCode.WRONG_FILE_TYPE, "not a regular file");
        }
        return place;
    }

    private static void makeParents(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            return;
        }
        makeParents(parent(directory));
        try {
            Files.createDirectory(directory);
            setMode(directory, 0755);
        } catch (FileAlreadyExistsException raced) {
            if (!Files.isDirectory(directory)) {
                throw new NotDirectoryException(directory.toString());
            }
        }
    }

    private static Path parent(Path path) {
        return Objects.requireNonNull(path.getParent());
    }

    private static void setMode(Path file, int mode) throws IOException {
        Files.setAttribute(file, "unix:mode", mode);
    }

    private static String name(WorkspacePath path) {
        return path.text().substring(path.text().lastIndexOf('/') + 1);
    }

    private static String uncheckedTarget(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    private static FileInfo info(Path path, String name) throws IOException {
        Map<String, Object> facts = Files.readAttributes(path, "unix:*", LinkOption.NOFOLLOW_LINKS);
        int mode = fact(facts, "mode", Integer.class);
        FileType type =
                switch (mode & 0170000) {
                    case 0100000 -> FileType.FILE;
                    case 0040000 -> FileType.DIRECTORY;
                    case 0120000 -> FileType.SYMLINK;
                    default -> FileType.OTHER;
                };
        return new FileInfo(
                name,
                type,
                mode & 07777,
                fact(facts, "uid", Integer.class),
                fact(facts, "gid", Integer.class),
                fact(facts, "owner", Principal.class).getName(),
                fact(facts, "group", Principal.class).getName(),
                fact(facts, "size", Long.class),
                fact(facts, "lastModifiedTime", FileTime.class).toInstant(),
                type == FileType.SYMLINK ? Files.readSymbolicLink(path).toString() : null);
    }

    private static <T> T fact(Map<String, Object> facts, String name, Class<T> type) {
        return type.cast(Objects.requireNonNull(facts.get(name)));
    }

    private <T> T reading(Work<T> work) {
        return told(ErrorCode.WORKSPACE_READ_FAILED, work);
    }

    private <T> T writing(Work<T> work) {
        return told(ErrorCode.WORKSPACE_WRITE_FAILED, work);
    }

    private <T> T told(ErrorCode otherwise, Work<T> work) {
        require.run();
        try {
            return work.run();
        } catch (IOException failed) {
            require.run();
            boolean notDirectory = String.valueOf(failed.getMessage()).endsWith("Not a directory");
            ErrorCode code =
                    switch (failed) {
                        case NoSuchFileException e -> ErrorCode.FILE_NOT_FOUND;
                        case AccessDeniedException e -> ErrorCode.FILE_PERMISSION_DENIED;
                        case FileAlreadyExistsException e -> ErrorCode.CONFLICT;
                        case DirectoryNotEmptyException e -> ErrorCode.CONFLICT;
                        case NotDirectoryException e -> ErrorCode.WRONG_FILE_TYPE;
                        default -> notDirectory ? ErrorCode.WRONG_FILE_TYPE : otherwise;
                    };
            throw new SandboxException(code, "the file operation failed", failed);
        }
    }

    /** So many bytes, or a failure. */
    private static final class WholeRange extends InputStream {
        private final InputStream in;
        private long left;

        WholeRange(InputStream in, long length) {
            this.in = in;
            this.left = length;
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
            int n = in.read(bytes, offset, (int) Math.min(length, left));
            if (n < 0) {
                throw new IOException("the file was cut short");
            }
            left -= n;
            return n;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
