package dev.sandbridge.provider.local;

import dev.sandbridge.provider.SandboxName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sandboxes of this service on disk: a directory each, with its record and its files.
 *
 * <p>A sandbox exists exactly while {@code sandboxes/NAME} does. It is made below {@code making} and removed below
 * {@code removing}, and both ends of its life are one rename; whatever lies in these two when a service starts is
 * rubbish of the one before. Threads: one at a time for one sandbox.
 */
final class SandboxStore implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(SandboxStore.class.getName());
    private static final String RECORD = "sandbox.properties";

    private final Path root;
    private final Path sandboxes;
    private final Path making;
    private final Path removing;
    private final FileChannel lock;

    /**
     * Takes the data directory for this service alone.
     *
     * @throws IOException if it cannot be made, or another service has it
     */
    SandboxStore(Path data) throws IOException {
        root = data.resolve("local");
        sandboxes = root.resolve("sandboxes");
        making = root.resolve("making");
        removing = root.resolve("removing");
        for (Path directory : List.of(data, root, sandboxes, making, removing)) {
            makePrivate(directory);
        }
        lock = FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!locked(lock)) {
            lock.close();
            throw new IOException("another service uses the data directory " + data);
        }
    }

    private static boolean locked(FileChannel lock) throws IOException {
        try {
            return lock.tryLock() != null;
        } catch (OverlappingFileLockException sameProcess) {
            return false;
        }
    }

    private static void makePrivate(Path directory) throws IOException {
        var mine = PosixFilePermissions.fromString("rwx------");
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(mine));
        }
        Files.setPosixFilePermissions(directory, mine);
    }

    /** Where the provider keeps what is not a sandbox. */
    Path root() {
        return root;
    }

    /** The sandbox's directory, whether it exists or not. */
    Path directory(SandboxName name) {
        return sandboxes.resolve(name.text());
    }

    boolean exists(SandboxName name) {
        return Files.isDirectory(directory(name));
    }

    /** All sandboxes whose records can be read; one that cannot is logged, and {@link #exists} all the same. */
    List<SandboxRecord> all() throws IOException {
        var records = new ArrayList<SandboxRecord>();
        try (var entries = Files.newDirectoryStream(sandboxes)) {
            for (Path directory : entries) {
                try {
                    records.add(read(directory));
                } catch (IOException damaged) {
                    LOG.log(System.Logger.Level.ERROR, "cannot read the record in {0}: {1}", directory, damaged);
                }
            }
        }
        return records;
    }

    /** The record of a sandbox that exists. */
    SandboxRecord read(SandboxName name) throws IOException {
        return read(directory(name));
    }

    private static SandboxRecord read(Path directory) throws IOException {
        return SandboxRecord.read(Files.readString(directory.resolve(RECORD)));
    }

    /**
     * Makes a sandbox's directory, with an empty disk unless it has none of its own; nothing is left if it fails. A
     * machine that loses power at once may forget the sandbox, as it forgets what was written in it, but never
     * leaves half of one.
     */
    void make(SandboxRecord record, @Nullable DiskTemplate disk) throws IOException {
        Path directory = making.resolve(record.spec().name().text());
        Files.createDirectory(directory);
        try {
            if (disk != null) {
                disk.writeTo(directory.resolve("disk.img"));
            }
            writeRecord(directory, record);
            Files.move(directory, directory(record.spec().name()), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failed) {
            discard(directory);
            throw failed;
        }
    }

    private static void discard(Path directory) throws IOException {
        for (String file : List.of("disk.img", RECORD, RECORD + ".new", "")) {
            Files.deleteIfExists(directory.resolve(file));
        }
    }

    /** Replaces a sandbox's record; durable when this returns. */
    void update(SandboxRecord record) throws IOException {
        Path directory = directory(record.spec().name());
        writeRecord(directory, record);
        sync(directory);
    }

    private static void writeRecord(Path directory, SandboxRecord record) throws IOException {
        Path fresh = directory.resolve(RECORD + ".new");
        try (var file = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            var bytes = ByteBuffer.wrap(record.write().getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(true);
        }
        Files.move(fresh, directory.resolve(RECORD), StandardCopyOption.ATOMIC_MOVE);
    }

    /**
     * From here on the sandbox does not exist; what it was lies in the answer, which the caller empties and removes.
     */
    Path detach(SandboxName name) throws IOException {
        for (int attempt = 0; ; attempt++) {
            Path grave = removing.resolve(name.text() + "." + attempt);
            if (!Files.exists(grave)) {
                Files.move(directory(name), grave, StandardCopyOption.ATOMIC_MOVE);
                return grave;
            }
        }
    }

    /** Directories that an earlier service was about to make or to remove. */
    List<Path> rubbish() throws IOException {
        var found = new ArrayList<Path>();
        for (Path directory : List.of(making, removing)) {
            try (var entries = Files.newDirectoryStream(directory)) {
                entries.forEach(found::add);
            }
        }
        return found;
    }

    /** Removes a directory of {@link #detach} or {@link #rubbish} whose tree is gone already. */
    static void removeEmptied(Path directory) throws IOException {
        Files.deleteIfExists(directory.resolve("lock"));
        discard(directory);
    }

    private static void sync(Path directory) throws IOException {
        try (var opened = FileChannel.open(directory, StandardOpenOption.READ)) {
            opened.force(true);
        }
    }

    /** Lets the next service have the data directory. */
    @Override
    public void close() throws IOException {
        lock.close();
    }
}
