package dev.sandbridge.archive;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.workspace.FileNames;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Archives for a tar that nobody knows. */
class AnyTarTest {
    private static final Instant THEN = Instant.parse("2024-02-03T04:05:06.123456789Z");

    @Test
    void whatIsWrittenForAnyTarIsReadByOursInTheSameWay() throws IOException {
        var entries = new ArrayList<TreeEntry>();
        var names = List.of(
                "short",
                "new\nline",
                FileNames.decode(new byte[] {'c', (byte) 0xE9, (byte) 0xFF}),
                "x".repeat(255),
                "a".repeat(90) + "/" + "b".repeat(90),
                ("d".repeat(200) + "/").repeat(4) + "e");
        for (String name : names) {
            entries.add(new TreeEntry("f/" + name, FileType.FILE, 0640, 3, THEN, 0, 0, 1, null));
            entries.add(new TreeEntry("l/" + name, FileType.SYMLINK, 0777, 0, THEN, 0, 0, 1, name));
        }
        var out = new ByteArrayOutputStream();
        var tar = TarWriter.forAnyTar(out);
        for (TreeEntry entry : entries) {
            tar.header(entry);
            tar.write(new byte[] {1, 2, 3}, (int) entry.size());
            tar.pad(entry.size());
        }
        tar.finish();

        var reader = new TarReader(new ByteArrayInputStream(out.toByteArray()));
        for (TreeEntry entry : entries) {
            TarMember member = Objects.requireNonNull(reader.next());
            assertThat(member.name()).isEqualTo("./" + entry.path());
            assertThat(member.link()).isEqualTo(entry.target() == null ? "" : entry.target());
            assertThat(member.modified()).isEqualTo(THEN);
            assertThat(member.mode()).isEqualTo(entry.mode());
            assertThat(reader.content().readAllBytes()).hasSize((int) entry.size());
        }
        assertThat(reader.next()).isNull();
    }
}
