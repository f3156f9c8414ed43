package dev.sandbridge.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSnapshotStoreTest extends SnapshotStoreContract {
    @TempDir
    private Path directory;

    @Override
    protected SnapshotStore open() throws IOException {
        return new FileSnapshotStore(directory.resolve("snapshots"), new SecureRandom());
    }

    private List<String> files() throws IOException {
        try (var all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> directory.relativize(file).toString())
                    .toList();
        }
    }

    @Test
    void equalContentIsKeptOnce() throws IOException {
        var one = put(store(), "alice", "box", NOON, "same");
        put(store(), "alice", "box", NOON, "same");

        assertThat(files())
                .filteredOn(file -> file.endsWith(one.sha256() + ".tar"))
                .hasSize(1);
        assertThat(files()).hasSize(3);
    }

    @Test
    void whatADyingServiceLeftIsRemovedAtTheNextStart() throws IOException {
        var kept = put(store(), "alice", "box", NOON, "kept");
        var cut = put(store(), "alice", "box", NOON, "its record was not written any more");
        store().begin().archive().write(new byte[300_000]);
        try (var all = Files.walk(directory)) {
            for (Path record : all.filter(file -> file.endsWith(cut.id())).toList()) {
                Files.delete(record);
            }
        }

        var again = open();

        assertThat(content(again, kept)).isEqualTo("kept");
        assertThat(files()).hasSize(2);
    }

    @Test
    void deletedSnapshotsLeaveNoBytes() throws IOException {
        var one = put(store(), "alice", "box", NOON, "1");
        var two = put(store(), "alice", "box", NOON, "2");
        store().delete("alice", one.id());
        store().delete("alice", two.id());

        assertThat(files()).isEmpty();
    }

    @Test
    void aDamagedRecordStopsNeitherTheServiceNorTheOtherSnapshots() throws IOException {
        var kept = put(store(), "alice", "box", NOON, "kept");
        var damaged = put(store(), "alice", "box", NOON, "damaged");
        var gone = put(store(), "alice", "box", NOON, "gone");
        try (var all = Files.walk(directory)) {
            for (Path record : all.filter(file -> file.endsWith(damaged.id())).toList()) {
                Files.writeString(record, "x");
            }
        }

        var again = open();

        assertThat(again.list("alice", "box")).containsExactlyInAnyOrder(kept, gone);
        assertThat(again.delete("alice", gone.id())).isTrue();
        assertThat(again.list("alice", "box")).containsExactly(kept);
        assertThat(content(again, kept)).isEqualTo("kept");
        assertThat(files())
                .as("what it may belong to stays")
                .anyMatch(file -> file.endsWith(damaged.sha256() + ".tar"));
    }
}
