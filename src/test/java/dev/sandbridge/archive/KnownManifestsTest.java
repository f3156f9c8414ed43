package dev.sandbridge.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Manifests are found again by owner and digest, as long as there is room, and fail nothing when they are not. */
class KnownManifestsTest {
    private static final int ROOM = 100_000;

    @TempDir
    private Path directory;

    private KnownManifests open() {
        return new KnownManifests(directory.resolve("manifests"), ROOM, new SecureRandom());
    }

    private static List<ManifestEntry> listing(long seed) {
        var tar = Archives.pack(RandomTree.of(seed), ArchiveLimits.STANDARD).tar();
        return List.copyOf(
                Archives.unpack(tar, ArchiveLimits.STANDARD).listing().values());
    }

    private static void keep(KnownManifests known, String owner, String digest, List<ManifestEntry> entries) {
        try (var draft = known.begin()) {
            entries.forEach(draft);
            draft.keep(owner, digest);
        }
    }

    private static List<ManifestEntry> found(KnownManifests known, String owner, String digest) throws IOException {
        var entries = new ArrayList<ManifestEntry>();
        known.find(owner, digest).orElseThrow().each(entries::add);
        return entries;
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("manifests"))) {
            return files.toList();
        }
    }

    @Test
    void whatIsKeptIsFoundByItsOwnerAloneAlsoAfterARestart() throws IOException {
        for (long seed = 0; seed < 40; seed++) {
            var entries = listing(seed);
            keep(open(), "alice", "d" + seed, entries);
            assertThat(found(open(), "alice", "d" + seed)).as("seed %d", seed).isEqualTo(entries);
        }
        assertThat(open().find("bob", "d1")).isEmpty();
        assertThat(open().find("alice", "other")).isEmpty();
        assertThat(open().find("alice", "../../etc/passwd")).isEmpty();
    }

    @Test
    void aDraftCanBeReadAndIsForgottenWhenItIsNotKept() throws IOException {
        var entries = listing(3);
        var read = new ArrayList<ManifestEntry>();
        try (var draft = open().begin()) {
            entries.forEach(draft);
            draft.each(read::add);
            assertThat(files()).hasSize(1);
        }
        assertThat(read).isEqualTo(entries);
        assertThat(files()).isEmpty();
    }

    @Test
    void theOldestGiveWayAndWhatADyingServiceLeftGoes() throws IOException {
        var known = open();
        var entries = listing(7);
        keep(known, "alice", "first", entries);
        Files.setLastModifiedTime(files().getFirst(), FileTime.from(Instant.EPOCH));
        open().begin().accept(entries.getFirst());
        assertThat(files()).hasSize(2);
        var underWay = known.begin();
        underWay.accept(entries.getFirst());

        for (int i = 0; known.find("alice", "first").isPresent(); i++) {
            assertThat(i).isLessThan(ROOM);
            keep(known, "alice", "d" + i, entries);
        }

        long used = 0;
        for (Path file : files()) {
            used += Files.size(file);
        }
        assertThat(used).isBetween(ROOM / 2L, (long) ROOM);
        assertThat(files())
                .filteredOn(file -> file.getFileName().toString().startsWith("draft-"))
                .hasSize(1);
        underWay.keep("alice", "under way");
        assertThat(found(known, "alice", "under way")).hasSize(1);
    }

    @Test
    void oneThatIsTooLargeOrCannotBeWrittenIsNotKeptAndFailsNothing() throws IOException {
        var known = open();
        var many = new ArrayList<ManifestEntry>();
        var entry = listing(7).getFirst();
        for (int i = 0; i <= ROOM / 4 / entry.line().length(); i++) {
            many.add(entry);
        }
        keep(known, "alice", "large", many);
        assertThat(known.find("alice", "large")).isEmpty();
        assertThat(files()).isEmpty();

        Files.delete(directory.resolve("manifests"));
        Files.writeString(directory.resolve("manifests"), "no directory");
        try (var draft = known.begin()) {
            listing(7).forEach(draft);
            assertThatThrownBy(() -> draft.each(told -> {})).isInstanceOf(IOException.class);
            draft.keep("alice", "digest");
        }
        assertThat(known.find("alice", "digest")).isEmpty();
    }

    @Test
    void aDamagedOneIsAFailureOfInput() throws IOException {
        keep(open(), "alice", "d", listing(7));
        Files.writeString(files().getFirst(), "no line of a manifest\n");

        assertThatThrownBy(() -> found(open(), "alice", "d"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("damaged");
    }
}
