package dev.sandbridge.provider.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Records, disks and programs as they lie on disk. */
class StoredThingsTest {
    @Test
    void aRecordIsReadAsItWasWritten() throws IOException {
        var spec = new SandboxSpec(
                LocalSandboxes.newName(),
                "id",
                "owner = \\ \n#:",
                "",
                "älias",
                "image",
                Network.NAT,
                new Limits(1, 2, 3, Long.MAX_VALUE, 5),
                Map.of("a=b", "c:d", " e ", "\uD83D\uDE00\u0000\r\n", "owner", "label"),
                "state\u2028",
                Instant.parse("2026-01-02T03:04:05.678901234Z"),
                Instant.MAX);
        var record = new SandboxRecord(spec, 16_383);

        assertThat(SandboxRecord.read(record.write())).isEqualTo(record);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "name=sb-x", "range=1\\u00", "\\u"})
    void aDamagedRecordIsAFailure(String text) {
        assertThatThrownBy(() -> SandboxRecord.read(text)).isInstanceOf(IOException.class);
    }

    @Test
    void everyPartOfTheLauncherIsBroughtAlong(@TempDir Path directory) throws IOException {
        var resources =
                Path.of("src/main/resources", CageProgram.class.getPackageName().replace('.', '/'));
        var names = new TreeSet<String>();
        try (var files = Files.list(resources)) {
            files.forEach(file -> names.add(file.getFileName().toString()));
        }

        assertThat(CageProgram.PARTS).containsExactlyInAnyOrderElementsOf(names);

        Path program = CageProgram.extract(directory.resolve("cage"));
        Files.writeString(program, "of an older version");
        assertThat(CageProgram.extract(directory.resolve("cage")))
                .hasSameTextualContentAs(resources.resolve("cage.pl"));
    }

    @Test
    void blocksOfASparseFileAreThoseThatAreNotZero(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("sparse");
        try (var out = new java.io.RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(1L << 30);
            out.seek(3 * 4096 + 5);
            out.write(7);
            out.seek(500L << 20);
            out.write(new byte[8192]);
            out.seek((1L << 30) - 1);
            out.write(9);
        }

        var blocks = SparseFile.blocks(file);

        assertThat(blocks).extracting(SparseFile.Block::position).containsExactly(3L * 4096, (1L << 30) - 4096);
        assertThat(blocks.getFirst().bytes()[5]).isEqualTo((byte) 7);
        assertThat(blocks.getLast().bytes()[4095]).isEqualTo((byte) 9);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 16L << 20, 100_000_001, 3L << 30})
    void aDiskIsAWholeFileSystemOfAtLeastTheSizeAskedFor(long bytes, @TempDir Path directory) throws Exception {
        String mkfs = "/usr/sbin/mkfs.ext4";
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.isExecutable(Path.of(mkfs)), "mkfs.ext4 is not installed");
        long size = DiskTemplate.sizeFor(bytes);
        Path image = directory.resolve("disk.img");

        DiskTemplate.make(mkfs, size, directory).writeTo(image);

        assertThat(size).isGreaterThanOrEqualTo(bytes);
        assertThat(Files.size(image)).isEqualTo(size);
        var check = new ProcessBuilder("/usr/sbin/e2fsck", "-fn", image.toString())
                .redirectErrorStream(true)
                .start();
        var output = new String(check.getInputStream().readAllBytes());
        assertThat(check.waitFor()).as(output).isZero();
    }

    @Test
    void accountsAreReadFromWhateverASandboxMadeOfItsTable() {
        var passwd =
                "root:x:0:0:root:/root:/bin/bash\nbroken\n:x:5:5::/:\nbob:x:1001:1001::/home/bob:\nbob:x:7:7::/x:/y\n";

        assertThat(Account.find(passwd, "bob")).contains(new Account("bob", "/home/bob", ""));
        assertThat(Account.find(passwd, "1001:0")).contains(new Account("bob", "/home/bob", ""));
        assertThat(Account.find(passwd, "5:5")).isEmpty();
        assertThat(Account.find(passwd, "")).isEmpty();
        assertThat(Account.find(passwd, "bob").orElseThrow().environment())
                .containsEntry("SHELL", "/bin/sh")
                .containsEntry("HOME", "/home/bob");
    }

    @Test
    void rangesOfIdsAreNeverSharedAndReused() {
        var ranges = new IdRanges();
        ranges.taken(1);

        assertThat(ranges.take()).isZero();
        assertThat(ranges.take()).isEqualTo(2);
        ranges.free(1);
        assertThat(ranges.take()).isEqualTo(1);
        assertThat(IdRanges.firstId(1) - IdRanges.firstId(0)).isEqualTo(65_536);
    }
}
