package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** What the tests of {@link SandboxHandle#tree()} share. */
abstract class TreeSuite extends ContractSuite {
    static final Instant THEN = Instant.parse("2024-02-03T04:05:06.123456789Z");

    /** An entry and the bytes of a file. */
    record Read(TreeEntry entry, byte[] bytes, boolean changed) {
        String text() {
            return new String(bytes, UTF_8);
        }
    }

    static SandboxTree tree(SandboxHandle sandbox) {
        return sandbox.tree().orElseThrow();
    }

    static Map<String, Read> all(SandboxHandle sandbox, String... excludes) throws IOException {
        var entries = new LinkedHashMap<String, Read>();
        try (var reader = tree(sandbox).read(Set.of(excludes))) {
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                byte[] bytes = entry.type() == FileType.FILE ? reader.content().readAllBytes() : new byte[0];
                assertThat(bytes).hasSize((int) entry.size());
                assertThat(entries.put(entry.path(), new Read(entry, bytes, reader.changed())))
                        .as("one entry for " + entry.path())
                        .isNull();
            }
            assertThat(reader.vanished().paths()).isEmpty();
        }
        return entries;
    }

    static Read at(Map<String, Read> entries, String path) {
        return Objects.requireNonNull(entries.get(path), () -> "nothing at " + path);
    }

    static TreeEntry directory(String path, int mode) {
        return new TreeEntry(path, FileType.DIRECTORY, mode, 0, THEN, 0, 0, 1, null);
    }

    static TreeEntry file(String path, int mode, long size) {
        return new TreeEntry(path, FileType.FILE, mode, size, THEN, 0, 0, 1, null);
    }

    static TreeEntry link(String path, String target) {
        return new TreeEntry(path, FileType.SYMLINK, 0777, 0, THEN, 0, 0, 1, target);
    }

    static void add(SandboxTree.Replacement replacement, String path, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        replacement.add(file(path, 0644, bytes.length), new ByteArrayInputStream(bytes));
    }

    static void add(SandboxTree.Replacement replacement, TreeEntry entry) throws IOException {
        replacement.add(entry, InputStream.nullInputStream());
    }
}
