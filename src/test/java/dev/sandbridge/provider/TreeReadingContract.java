package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.workspace.FileNames;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** {@link SandboxTree#read}: a workspace read as a whole. */
public abstract class TreeReadingContract extends TreeSuite {
    @Test
    void readGivesEveryEntryWithItsAttributesADirectoryBeforeWhatItHolds() throws IOException {
        var sandbox = make();
        sh(
                sandbox,
                "mkdir -p d/sub empty; printf hello > d/file; chmod 640 d/file; chmod 750 d/sub; : > d/none; "
                        + "ln -s ../d/file d/link; ln -s nowhere dangling; ln -s /etc/passwd out; mkfifo fifo; "
                        + "touch -d @1700000000.5 d/file; ln d/file d/hard");

        var entries = all(sandbox);

        assertThat(entries)
                .containsOnlyKeys(
                        "", "d", "d/file", "d/hard", "d/link", "d/none", "d/sub", "dangling", "empty", "fifo", "out");
        assertThat(List.copyOf(entries.keySet())).containsSubsequence("", "d", "d/sub");
        var file = at(entries, "d/file").entry();
        assertThat(file.mode()).isEqualTo(0640);
        assertThat(file.modified()).isEqualTo(Instant.ofEpochMilli(1_700_000_000_500L));
        assertThat(file.uid()).isEqualTo(Long.parseLong(sh(sandbox, "id -u").strip()));
        assertThat(at(entries, "d/sub").entry().mode()).isEqualTo(0750);
        assertThat(at(entries, "d/file").text()).isEqualTo("hello");
        assertThat(at(entries, "d/hard").text()).isEqualTo("hello");
        assertThat(file.links()).isEqualTo(2);
        assertThat(at(entries, "d/none").entry().links()).isEqualTo(1);
        assertThat(at(entries, "d/none").bytes()).isEmpty();
        assertThat(at(entries, "d/link").entry().target()).isEqualTo("../d/file");
        assertThat(at(entries, "out").entry().target()).isEqualTo("/etc/passwd");
        assertThat(at(entries, "out").entry().size()).isZero();
        assertThat(at(entries, "fifo").entry().type()).isEqualTo(FileType.OTHER);
        assertThat(at(entries, "").entry().type()).isEqualTo(FileType.DIRECTORY);
    }

    @Test
    void excludesAreLiteralAndTakeAllBelowThem() throws IOException {
        var sandbox = make();
        sh(
                sandbox,
                "mkdir -p data/x src/data 'a*b' axxb; touch data/x/1 src/data/2 'a*b/3' axxb/4 '[x]*' xyz database");

        assertThat(all(sandbox, "data", "a*b", "[x]*", "src/no", "xy"))
                .containsOnlyKeys("", "src", "src/data", "src/data/2", "axxb", "axxb/4", "xyz", "database");
    }

    @Test
    void contentsOfEverySizeComeWhole() throws IOException {
        var sandbox = make();
        var random = new Random(7);
        int[] sizes = {0, 1, 4095, 65_535, 65_536, 65_537, 262_144, 262_145, 3_000_001};
        var contents = new TreeMap<String, byte[]>();
        try (var replacement = tree(sandbox).replace()) {
            for (int size : sizes) {
                var bytes = new byte[size];
                random.nextBytes(bytes);
                contents.put("f" + size, bytes);
                replacement.add(file("f" + size, 0600, size), new ByteArrayInputStream(bytes));
            }
            replacement.commit(false);
        }

        var entries = all(sandbox);

        contents.forEach(
                (name, bytes) -> assertThat(at(entries, name).bytes()).as(name).isEqualTo(bytes));
        assertThat(entries).hasSize(sizes.length + 1);
        try (var reader = tree(sandbox).read(Set.of())) {
            int files = 0;
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                files += entry.type() == FileType.FILE ? 1 : 0;
                if (files % 2 == 0 && entry.size() > 10) {
                    assertThat(reader.content().readNBytes(10)).hasSize(10);
                }
            }
            assertThat(files).as("whatever is not read of contents is skipped").isEqualTo(sizes.length);
        }
    }

    @Test
    void anyNameGoesInAndComesOut() throws IOException {
        var sandbox = make();
        var names = new ArrayList<>(List.of("new\nline", " x ", "-rf", "ä€😀", "a".repeat(255), "1", "123"));
        if (bed().offers().contains(TestBed.Offer.ANY_FILE_NAME)) {
            names.add(FileNames.decode(new byte[] {'c', (byte) 0xE9, (byte) 0xFF}));
        }
        try (var replacement = tree(sandbox).replace()) {
            for (String name : names) {
                add(replacement, directory(name, 0755));
                add(replacement, name + "/" + name, name);
                add(replacement, link(name + "/link", name));
            }
            replacement.commit(true);
        }

        var entries = all(sandbox);

        assertThat(entries).hasSize(1 + names.size() * 3);
        for (String name : names) {
            assertThat(at(entries, name + "/" + name).bytes()).isEqualTo(name.getBytes(UTF_8));
            assertThat(at(entries, name + "/link").entry().target()).isEqualTo(name);
        }
        assertThat(sh(sandbox, "ls | wc -c").strip())
                .isEqualTo(Integer.toString(names.stream()
                        .mapToInt(name -> FileNames.encode(name).length + 1)
                        .sum()));
    }

    @Test
    void severalReadAtOnceWhileTheTreeIsReplaced() throws Exception {
        var sandbox = make();
        write(sandbox, "f", "0".repeat(200_000));
        var results = atOnce(3, () -> {
            for (int i = 0; i < 5; i++) {
                try (var reader = tree(sandbox).read(Set.of())) {
                    for (var entry = reader.next(); entry != null; entry = reader.next()) {
                        if (entry.type() == FileType.FILE) {
                            byte[] bytes = reader.content().readAllBytes();
                            assertThat(bytes).hasSize(200_000);
                            assertThat(bytes).containsOnly(bytes[0]);
                        }
                    }
                }
                try (var replacement = tree(sandbox).replace()) {
                    add(replacement, "f", Integer.toString(i).repeat(200_000));
                    replacement.commit(false);
                } catch (SandboxException another) {
                    assertThat(another.code()).isEqualTo(ErrorCode.CONFLICT);
                }
            }
            return true;
        });
        assertThat(results).containsOnly(true);
    }

    @Test
    @DisplayName("trap 15: a change is told, also where the time of the content was set back")
    void aChangeCannotBeHidden() throws Exception {
        var sandbox = make();
        int size = 24 << 20;
        sh(sandbox, "head -c " + size + " /dev/zero > big; touch -d 2020-01-01 big");
        boolean told = false;
        try (var reader = tree(sandbox).read(Set.of())) {
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                if (entry.path().equals("big")) {
                    var in = reader.content();
                    assertThat(in.read()).isZero();
                    sh(sandbox, "printf x | dd of=big bs=1 seek=9 conv=notrunc 2> /dev/null; touch -d 2020-01-01 big");
                    assertThat(in.readAllBytes()).hasSize(size - 1);
                    told = reader.changed();
                }
            }
        }
        assertThat(told).isTrue();
    }

    @Test
    void aFileThatShrinksWhileItIsReadIsFilledUpAndTold() throws Exception {
        var sandbox = make();
        int size = 24 << 20;
        sh(sandbox, "head -c " + size + " /dev/zero | tr '\\0' x > big; : > z");
        boolean told = false;
        try (var reader = tree(sandbox).read(Set.of())) {
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                if (entry.path().equals("big")) {
                    var in = reader.content();
                    assertThat(in.read()).isEqualTo('x');
                    sh(sandbox, ": > big");
                    assertThat(in.readAllBytes()).hasSize(size - 1);
                    told = reader.changed();
                }
            }
        }
        assertThat(told).isTrue();
    }

    @Test
    void aReaderThatIsClosedEarlyIsGone() throws Exception {
        assumeTrue(bed().offers().contains(TestBed.Offer.ANY_FILE_NAME), "this provider reads in this process");
        var sandbox = make();
        sh(sandbox, "head -c 20000000 /dev/zero > big");
        // Those that see the file: where /proc shows a whole machine, it is full of others.
        String count = "ls -d /proc/[0-9]*/root/workspace/big 2> /dev/null | wc -l";
        long processes = Long.parseLong(sh(sandbox, count).strip());
        for (int i = 0; i < 3; i++) {
            try (var reader = tree(sandbox).read(Set.of())) {
                assertThat(reader.next()).isNotNull();
            }
        }
        eventually("the verbs end", () -> Long.parseLong(sh(sandbox, count).strip()) <= processes);
    }

    @Test
    void aTreeOfAnySeedComesBackAsItWent() throws IOException {
        var sandbox = make();
        for (long seed = 1; seed <= 5; seed++) {
            var random = new Random(seed);
            var expected = new TreeMap<String, String>();
            try (var replacement = tree(sandbox).replace()) {
                grow(replacement, random, "", 0, expected);
                replacement.commit(true);
            }
            var found = new TreeMap<String, String>();
            all(sandbox).forEach((path, read) -> {
                if (!path.isEmpty()) {
                    found.put(path, described(read.entry(), read.bytes()));
                }
            });
            assertThat(found).as("seed " + seed).isEqualTo(expected);
        }
    }

    private static void grow(
            SandboxTree.Replacement replacement, Random random, String prefix, int depth, Map<String, String> told)
            throws IOException {
        for (int i = random.nextInt(8); i >= 0; i--) {
            String path = prefix + Integer.toString(random.nextInt(1 << 20), 36) + "-" + i;
            int mode = random.nextInt(01000) | 0600;
            switch (random.nextInt(4)) {
                case 0 -> {
                    var entry = link(path, "../" + random.nextInt());
                    replacement.add(entry, InputStream.nullInputStream());
                    told.put(path, described(entry, new byte[0]));
                }
                case 1 -> {
                    var entry = directory(path, mode | 0100);
                    replacement.add(entry, InputStream.nullInputStream());
                    told.put(path, described(entry, new byte[0]));
                    if (depth < 6) {
                        grow(replacement, random, path + "/", depth + 1, told);
                    }
                }
                default -> {
                    var bytes = new byte[random.nextInt(10) == 0 ? random.nextInt(300_000) : random.nextInt(2000)];
                    random.nextBytes(bytes);
                    var entry = file(path, mode, bytes.length);
                    replacement.add(entry, new ByteArrayInputStream(bytes));
                    told.put(path, described(entry, bytes));
                }
            }
        }
    }

    private static String described(TreeEntry entry, byte[] bytes) {
        return entry.type() + " " + (entry.type() == FileType.SYMLINK ? "" : Integer.toOctalString(entry.mode())) + " "
                + entry.modified() + " " + entry.target() + " " + Arrays.hashCode(bytes);
    }

    @Test
    void aDeletedSandboxIsNotFound() {
        var sandbox = make();
        provider().delete(sandbox.spec().name());

        assertThat(codeOf(() -> tree(sandbox).replace())).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(codeOf(() -> tree(sandbox).read(Set.of()))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
    }
}
