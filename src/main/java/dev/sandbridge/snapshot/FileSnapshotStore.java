package dev.sandbridge.snapshot;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * Snapshots in a directory that only this service uses. An owner has a directory of its own, named by a digest of its
 * name: archives by the SHA-256 of their bytes, so that equal ones are kept once, and a record for each snapshot. Both
 * are written under another name, forced to the disk and renamed; the record comes last and goes first.
 */
public final class FileSnapshotStore implements SnapshotStore {
    private static final Logger LOG = Logger.getLogger(FileSnapshotStore.class.getName());
    private static final String ARCHIVE = ".tar";
    private static final int BUFFER = 256 * 1024;

    private final Path root;
    private final SecureRandom random;

    /** Guards the archives against going between two snapshots that share one. */
    private final ReentrantLock changes = new ReentrantLock();

    /**
     * Opens the store, and removes what a service that died was about to store.
     *
     * @param root made if it is not there; nobody but this user may enter it
     */
    public FileSnapshotStore(Path root, SecureRandom random) throws IOException {
        this.root = root;
        this.random = random;
        Files.createDirectories(root.resolve("making"));
        Files.createDirectories(root.resolve("owners"));
        for (Path left : entries(root.resolve("making"))) {
            Files.delete(left);
        }
        tidy();
    }

    @Override
    public Draft begin() throws IOException {
        return new FileDraft(root.resolve("making").resolve(name()));
    }

    @Override
    public Optional<Snapshot> find(String owner, String id) throws IOException {
        if (!id.matches("[0-9a-f]{32}")) {
            return Optional.empty();
        }
        try {
            return Optional.of(SnapshotRecord.parse(Files.readString(record(owner, id))))
                    .filter(found -> found.owner().equals(owner));
        } catch (NoSuchFileException none) {
            return Optional.empty();
        }
    }

    @Override
    public List<Snapshot> list(String owner, String sandbox) throws IOException {
        return all(directory(owner)).stream()
                .filter(snapshot -> snapshot.sandbox().equals(sandbox))
                .sorted(Snapshot.NEWEST_FIRST)
                .toList();
    }

    @Override
    public InputStream open(Snapshot snapshot) throws IOException {
        return Files.newInputStream(archivePath(directory(snapshot.owner()), snapshot.sha256()));
    }

    @Override
    public boolean delete(String owner, String id) throws IOException {
        changes.lock();
        try {
            Optional<Snapshot> found = find(owner, id);
            if (found.isEmpty()) {
                return false;
            }
            Path directory = directory(owner);
            Files.delete(record(owner, id));
            force(directory.resolve("snapshots"));
            removeUnused(directory);
            return true;
        } finally {
            changes.unlock();
        }
    }

    @Override
    public void tidy() throws IOException {
        changes.lock();
        try {
            for (Path owner : entries(root.resolve("owners"))) {
                removeUnused(owner);
            }
        } finally {
            changes.unlock();
        }
    }

    @Override
    public List<Snapshot> olderThan(Instant time) throws IOException {
        var old = new ArrayList<Snapshot>();
        for (Path owner : entries(root.resolve("owners"))) {
            var sandboxes = new HashSet<String>();
            for (Snapshot snapshot :
                    all(owner).stream().sorted(Snapshot.NEWEST_FIRST).toList()) {
                if (!sandboxes.add(snapshot.sandbox()) && snapshot.createdAt().isBefore(time)) {
                    old.add(snapshot);
                }
            }
        }
        return old;
    }

    /** All that can be read: a record that is damaged keeps none of the others from being used. */
    private static List<Snapshot> all(Path owner) throws IOException {
        var snapshots = new ArrayList<Snapshot>();
        for (Path file : entries(owner.resolve("snapshots"))) {
            try {
                snapshots.add(SnapshotRecord.parse(Files.readString(file)));
            } catch (NoSuchFileException deleted) {
                // Since the directory was read.
            } catch (IOException damaged) {
                LOG.log(Level.WARNING, "a snapshot's record cannot be read and is passed over: " + file, damaged);
            }
        }
        return snapshots;
    }

    /** Archives that no record names, as a service leaves them that dies between the two; none where one is unknown. */
    private static void removeUnused(Path owner) throws IOException {
        List<Snapshot> known = all(owner);
        if (known.size() < entries(owner.resolve("snapshots")).size()) {
            return;
        }
        Set<String> used = new HashSet<>();
        known.forEach(snapshot -> used.add(snapshot.sha256() + ARCHIVE));
        for (Path archive : entries(owner.resolve("archives"))) {
            if (!used.contains(Objects.toString(archive.getFileName()))) {
                Files.delete(archive);
            }
        }
    }

    private static List<Path> entries(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        } catch (NoSuchFileException none) {
            return List.of();
        }
    }

    private Path directory(String owner) {
        return root.resolve("owners").resolve(Sha256.of(owner));
    }

    private Path record(String owner, String id) {
        return directory(owner).resolve("snapshots").resolve(id);
    }

    private static Path archivePath(Path owner, String sha256) {
        return owner.resolve("archives").resolve(sha256 + ARCHIVE);
    }

    private String name() {
        var bytes = new byte[16];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** Makes a directory's names durable. */
    private static void force(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private final class FileDraft implements Draft {
        private final Path file;
        private final FileChannel channel;
        private final MessageDigest digest = Sha256.begin();
        private final OutputStream archive;
        private long size;

        FileDraft(Path file) throws IOException {
            this.file = file;
            this.channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            this.archive = new BufferedOutputStream(new Counted(Channels.newOutputStream(channel)), BUFFER);
        }

        private final class Counted extends FilterOutputStream {
            Counted(OutputStream out) {
                super(out);
            }

            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
                digest.update(bytes, offset, length);
                size += length;
            }
        }

        @Override
        public OutputStream archive() {
            return archive;
        }

        @Override
        public Snapshot publish(Facts facts) throws IOException {
            archive.flush();
            channel.force(true);
            channel.close();
            String sha256 = HexFormat.of().formatHex(digest.digest());
            var snapshot = new Snapshot(
                    name(),
                    facts.owner(),
                    facts.sandbox(),
                    facts.createdAt(),
                    facts.manifest(),
                    facts.entries(),
                    facts.content(),
                    sha256,
                    size);
            Path directory = directory(facts.owner());
            changes.lock();
            try {
                Files.createDirectories(directory.resolve("archives"));
                Files.createDirectories(directory.resolve("snapshots"));
                force(root.resolve("owners"));
                force(directory);
                Files.move(file, archivePath(directory, sha256), StandardCopyOption.ATOMIC_MOVE);
                force(directory.resolve("archives"));
                writeRecord(snapshot);
            } finally {
                changes.unlock();
            }
            return snapshot;
        }

        private void writeRecord(Snapshot snapshot) throws IOException {
            Path draft = root.resolve("making").resolve(snapshot.id());
            Files.writeString(draft, SnapshotRecord.text(snapshot), StandardOpenOption.CREATE_NEW);
            try (FileChannel written = FileChannel.open(draft, StandardOpenOption.WRITE)) {
                written.force(true);
            }
            Path record = record(snapshot.owner(), snapshot.id());
            Files.move(draft, record, StandardCopyOption.ATOMIC_MOVE);
            force(Objects.requireNonNull(record.getParent()));
        }

        @Override
        public void close() throws IOException {
            channel.close();
            Files.deleteIfExists(file);
        }
    }
}
