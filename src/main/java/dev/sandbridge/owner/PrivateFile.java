package dev.sandbridge.owner;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Small files that only this user may read, replaced whole: a crash leaves the old contents or the new, and at most a
 * temporary file that the next change overwrites. Thread-safe, also between processes.
 */
public final class PrivateFile {
    private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-------");
    private static final FileAttribute<Set<PosixFilePermission>> ATTRIBUTES =
            PosixFilePermissions.asFileAttribute(MODE);
    private static final Set<StandardOpenOption> LOCK = Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    private static final Set<StandardOpenOption> NEW = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

    private PrivateFile() {}

    /** What becomes of a file. */
    public interface Change {
        /**
         * @param contents null if there is no such file yet
         * @return the new contents; the array given leaves the file untouched
         */
        byte[] apply(byte @Nullable [] contents) throws IOException;
    }

    /**
     * Reads a file after making sure that nobody else could have.
     *
     * @throws NoSuchFileException if there is none
     * @throws IOException also if it is no regular file, or others may read or write it
     */
    public static byte[] read(Path file) throws IOException {
        var attributes = Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile()) {
            throw new IOException(file + " is not a regular file: put the file itself there");
        }
        if (!MODE.containsAll(attributes.permissions())) {
            throw new IOException(
                    file + " may be read or changed by others: replace the secrets in it, then chmod 600 it");
        }
        return Files.readAllBytes(file);
    }

    /** Replaces the file, durably. */
    public static void write(Path file, byte[] contents) throws IOException {
        change(file, before -> contents);
    }

    /**
     * Changes the file, durably; no change made elsewhere at the same time is lost. Refuses what {@link #read} refuses.
     *
     * @param change called once, while every other change of this file waits
     */
    public static void change(Path file, Change change) throws IOException {
        // The lock file keeps other processes out, but not other threads of this one.
        synchronized (PrivateFile.class) {
            try (var channel = FileChannel.open(beside(file, ".lock"), LOCK, ATTRIBUTES);
                    var held = channel.lock()) {
                byte[] before = readIfThere(file);
                byte[] after = change.apply(before);
                if (after != before) {
                    replace(file, after);
                }
            }
        }
    }

    private static byte @Nullable [] readIfThere(Path file) throws IOException {
        try {
            return read(file);
        } catch (NoSuchFileException none) {
            return null;
        }
    }

    private static void replace(Path file, byte[] contents) throws IOException {
        Path temporary = beside(file, ".new");
        Files.deleteIfExists(temporary);
        try {
            try (var channel = FileChannel.open(temporary, NEW, ATTRIBUTES)) {
                var bytes = ByteBuffer.wrap(contents);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
        try (var directory = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    private static Path beside(Path file, String suffix) {
        return file.resolveSibling("." + file.getFileName() + suffix);
    }
}
