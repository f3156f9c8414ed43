package dev.sandbridge.archive;

import dev.sandbridge.error.SandboxException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Manifests entry by entry, found again by owner and digest, so that a restore that brings something else can say what.
 * They lie in a directory that only this service uses, the newest as long as there is room. Nothing depends on one
 * being there: what goes wrong with them makes an answer poorer and fails nothing. Thread-safe.
 */
public final class KnownManifests {
    private static final String DRAFT = "draft-";
    private static final int MOST = 1000;

    private final Path directory;
    private final long room;
    private final SecureRandom random;
    private final Set<Path> drafts = new HashSet<>();

    /**
     * Touches nothing yet.
     *
     * @param room bytes of all of them together; one may have a quarter of that
     */
    public KnownManifests(Path directory, long room, SecureRandom random) {
        this.directory = directory;
        this.room = room;
        this.random = random;
    }

    /** Entries of a manifest, one after another. */
    @FunctionalInterface
    public interface Listing {
        /** Tells all of them; an {@link IOException} where they cannot be read. */
        void each(Consumer<ManifestEntry> reader) throws IOException;
    }

    /** Begins to write one; the caller closes it. */
    public Draft begin() {
        try {
            Files.createDirectories(directory);
            return new Draft(directory.resolve(DRAFT + HexFormat.of().formatHex(bytes())));
        } catch (IOException unwritable) {
            return none();
        }
    }

    /** A draft that keeps nothing. */
    public Draft none() {
        return new Draft(null);
    }

    /** The manifest of that digest; empty where it never was, or has given way. */
    public Optional<Listing> find(String owner, String digest) {
        Path file = file(owner, digest);
        return Files.isRegularFile(file) ? Optional.of(reader -> read(file, reader)) : Optional.empty();
    }

    private static void read(Path file, Consumer<ManifestEntry> reader) throws IOException {
        try (Stream<String> lines = Files.lines(file, StandardCharsets.US_ASCII)) {
            lines.map(ManifestEntry::parse).forEach(reader);
        } catch (UncheckedIOException unreadable) {
            throw unreadable.getCause();
        } catch (SandboxException damaged) {
            throw new IOException("a manifest is damaged", damaged);
        }
    }

    private byte[] bytes() {
        var bytes = new byte[16];
        random.nextBytes(bytes);
        return bytes;
    }

    private Path file(String owner, String digest) {
        MessageDigest name = ManifestBuilder.sha256();
        name.update(owner.getBytes(StandardCharsets.UTF_8));
        name.update((byte) 0);
        return directory.resolve(HexFormat.of().formatHex(name.digest(digest.getBytes(StandardCharsets.UTF_8))));
    }

    private record Kept(Path file, FileTime written, long size) {}

    /** Has the oldest give way, and what a service that died was about to write. */
    private synchronized void makeRoom() throws IOException {
        var kept = new ArrayList<Kept>();
        for (Path file : files()) {
            if (!Objects.toString(file.getFileName()).startsWith(DRAFT)) {
                kept.add(new Kept(file, Files.getLastModifiedTime(file), Files.size(file)));
            } else if (!drafts.contains(file)) {
                Files.deleteIfExists(file);
            }
        }
        kept.sort(Comparator.comparing(Kept::written).reversed());
        long used = 0;
        for (int i = 0; i < kept.size(); i++) {
            used += kept.get(i).size();
            if (used > room || i >= MOST) {
                Files.deleteIfExists(kept.get(i).file());
            }
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    /** A manifest that is being told; one thread. */
    public final class Draft implements Consumer<ManifestEntry>, Listing, AutoCloseable {
        private @Nullable Path file;
        private @Nullable BufferedWriter out;
        private long left = room / 4;

        private Draft(@Nullable Path file) {
            this.file = file;
        }

        @Override
        public void accept(ManifestEntry entry) {
            Path target = file;
            if (target == null) {
                return;
            }
            try {
                String line = entry.line();
                left -= line.length() + 1;
                if (left < 0) {
                    close();
                    return;
                }
                writer(target).append(line).append('\n');
            } catch (IOException full) {
                close();
            }
        }

        private BufferedWriter writer(Path target) throws IOException {
            BufferedWriter open = out;
            if (open == null) {
                synchronized (KnownManifests.this) {
                    drafts.add(target);
                }
                open = Files.newBufferedWriter(target, StandardCharsets.US_ASCII, StandardOpenOption.CREATE_NEW);
                out = open;
            }
            return open;
        }

        /** What has been told so far. */
        @Override
        public void each(Consumer<ManifestEntry> reader) throws IOException {
            Path told = file;
            if (told == null) {
                throw new NoSuchFileException("a manifest that is not kept");
            }
            writer(told).flush();
            read(told, reader);
        }

        /** Keeps the whole manifest under its digest; the draft takes nothing more. */
        public void keep(String owner, String digest) {
            Path told = file;
            if (told != null) {
                try {
                    writer(told).close();
                    Files.move(told, file(owner, digest), StandardCopyOption.ATOMIC_MOVE);
                    makeRoom();
                } catch (IOException unwritable) {
                    // Then it is not known later.
                }
            }
            close();
        }

        /** Forgets what was not kept. */
        @Override
        public void close() {
            Path told = file;
            if (told == null) {
                return;
            }
            file = null;
            try (BufferedWriter closing = out) {
                Files.deleteIfExists(told);
            } catch (IOException undeleted) {
                // The next one that is kept removes it.
            }
            out = null;
            synchronized (KnownManifests.this) {
                drafts.remove(told);
            }
        }
    }
}
