package dev.sandbridge.provider.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The resident's tree verbs, run by a Perl of this machine over a directory that looks like a sandbox's volume, with
 * faults at every single move: a rename that fails must leave the workspace as it was, a process that is killed must
 * leave it so that the recovery makes it whole.
 */
@Timeout(240)
class TreeVerbsTest {
    private static final List<String> PARTS =
            List.of("kernel.pl", "files.pl", "content.pl", "walk.pl", "replace.pl", "commit.pl", "journal.pl");

    /** Counts renames and, at the one that FAULT_AT names, does what FAULT says instead. */
    private static final String FAULTS = """
            our $volume;
            sub accounts { () }
            {
                no strict 'refs';
                local $^W = 0;
                my ($real, $count) = (\\&sys, 0);
                *sys = sub {
                    if ($_[0] eq 'renameat' && ++$count == ($ENV{FAULT_AT} || 0)) {
                        kill 9, $$ if $ENV{FAULT} eq 'killed before';
                        if ($ENV{FAULT} eq 'killed after') { &$real; kill 9, $$ }
                        $! = 28;
                        return -1;
                    }
                    return &$real;
                };
            }
            $volume = open_at(AT_FDCWD, $ENV{VOLUME}, 010000000 | 0200000);
            exit run_verb(@ARGV);
            """;

    private static final Instant THEN = Instant.parse("2021-02-03T04:05:06.5Z");

    @TempDir
    private Path directory;

    private Path volume;
    private Path program;
    private int volumes;

    @BeforeEach
    void assemble() throws IOException {
        var text = new StringBuilder();
        for (String part : PARTS) {
            try (var in = CageProgram.class.getResourceAsStream(part)) {
                text.append(new String(in.readAllBytes(), UTF_8));
            }
        }
        program = Files.writeString(directory.resolve("verbs.pl"), text + FAULTS);
        fill();
    }

    @Test
    void aMoveThatFailsLeavesTheWorkspaceAsItWasWhicheverItIs() throws Exception {
        for (char word : new char[] {'m', 'c'}) {
            int faults = 0;
            for (int at = 1; ; at++) {
                fill();
                var before = described();
                var answer = replace(word, at, "fails");
                if (answer.endsWith("done")) {
                    assertThat(described()).isEqualTo(expected(word));
                    break;
                }
                faults++;
                assertThat(answer).as("move " + at).contains("error\00028\000");
                assertThat(described()).as("move " + at).isEqualTo(before);
                assertThat(volume.resolve("side")).isEmptyDirectory();
            }
            assertThat(faults).isGreaterThan(5);
        }
    }

    @Test
    void aVerbThatIsKilledLeavesWhatTheRecoveryMakesWhole() throws Exception {
        for (String fault : List.of("killed before", "killed after")) {
            for (char word : new char[] {'m', 'c'}) {
                int kills = 0;
                for (int at = 1; ; at++) {
                    fill();
                    var answer = replace(word, at, fault);
                    if (answer.endsWith("done")) {
                        break;
                    }
                    kills++;
                    run(List.of("recover"), new byte[0], "", 0, "");
                    assertThat(described()).as(fault + " " + word + at).isEqualTo(expected(word));
                    assertSideIsEmptySoon();
                }
                assertThat(kills).isGreaterThan(5);
            }
        }
    }

    @Test
    void aRecoveryThatIsKilledIsRecoveredFrom() throws Exception {
        for (int at = 1; at < 8; at++) {
            for (int again = 1; again < 6; again++) {
                fill();
                replace('m', at, "killed before");
                run(List.of("recover"), new byte[0], "", again, "killed after");
                run(List.of("recover"), new byte[0], "", 0, "");
                assertThat(described()).as(at + " and " + again).isEqualTo(expected('m'));
            }
        }
    }

    @Test
    void aWayBackThatIsKilledIsGoneToItsEnd() throws Exception {
        fill();
        var before = described();
        for (int back = 1; back < 8; back++) {
            fill();
            replace('m', 6, "killed before");
            Path place = onlyPlace();
            Files.move(place.resolve("merge"), place.resolve("undo"));
            run(List.of("recover"), new byte[0], "", back, "killed after");
            run(List.of("recover"), new byte[0], "", 0, "");
            assertThat(described()).as("move back " + back).isEqualTo(before);
            assertSideIsEmptySoon();
        }
    }

    @Test
    void inputThatEndsEarlyChangesNothing() throws Exception {
        byte[] whole = tree();
        fill();
        var before = described();
        for (int length = 0; length < whole.length; length += 37) {
            run(List.of("replace"), Arrays.copyOf(whole, length), "m", 0, "");
            assertThat(volume.resolve("side")).isEmptyDirectory();
        }
        run(List.of("replace"), whole, "", 0, "");
        assertThat(volume.resolve("side")).isEmptyDirectory();
        assertThat(described()).isEqualTo(before);
    }

    @Test
    void aPlaceThatSomebodyStillWorksInIsLeftAlone() throws Exception {
        fill();
        Path word = directory.resolve("fifo");
        assertThat(new ProcessBuilder("mkfifo", word.toString()).start().waitFor())
                .isZero();
        var builder = command(List.of("replace"), 0, "");
        builder.command().addAll(0, List.of("sh", "-c", "exec \"$@\" 3<> " + word, "sh"));
        var process = builder.start();
        try {
            process.getOutputStream().write(tree());
            process.getOutputStream().flush();
            assertThat(process.getInputStream().readNBytes(9)).endsWith("ready".getBytes(UTF_8));
            run(List.of("recover"), new byte[0], "", 0, "");
            assertThat(onlyPlace().resolve("new")).isDirectory();
        } finally {
            process.destroyForcibly().waitFor();
        }
        run(List.of("recover"), new byte[0], "", 0, "");
        assertSideIsEmptySoon();
    }

    private Path onlyPlace() throws IOException {
        try (var places = Files.list(volume.resolve("side"))) {
            return places.findFirst().orElseThrow();
        }
    }

    private void assertSideIsEmptySoon() {
        LocalSandboxes.await(
                "the rubbish to be gone", () -> volume.resolve("side").toFile().list().length == 0);
    }

    /** A fresh volume: a workspace with something of everything. */
    private void fill() throws IOException {
        volume = directory.resolve("volume-" + volumes++);
        Path workspace = volume.resolve("fs/workspace");
        Files.createDirectories(workspace.resolve("both/deep/kept"));
        Files.createDirectories(workspace.resolve("turns/into"));
        Files.createDirectories(workspace.resolve("untouched"));
        Files.createDirectory(volume.resolve("side"));
        Files.writeString(workspace.resolve("both/file"), "old");
        Files.writeString(workspace.resolve("both/deep/file"), "old deep");
        Files.writeString(workspace.resolve("turns/into/a"), "file");
        Files.writeString(workspace.resolve("plain"), "was a file");
        Files.writeString(workspace.resolve("untouched/x"), "x");
        Files.createSymbolicLink(workspace.resolve("link"), Path.of("both"));
    }

    private static byte[] tree() {
        var out = new ByteArrayOutputStream();
        out.writeBytes(TreeRecords.head(TreeRecords.DIRECTORY, entry("both", FileType.DIRECTORY, 0700, 0), 0));
        file(out, "both/file", "new");
        file(out, "both/deep/file", "new deep");
        file(out, "both/deep/more/file", "more");
        file(out, "turns", "a file now");
        file(out, "plain/inner", "in a directory now");
        file(out, "link", "no link now");
        file(out, "fresh", "fresh");
        out.writeBytes(TreeRecords.bare(TreeRecords.END));
        return out.toByteArray();
    }

    private static void file(ByteArrayOutputStream out, String path, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        out.writeBytes(
                TreeRecords.head(TreeRecords.SMALL_FILE, entry(path, FileType.FILE, 0640, bytes.length), bytes.length));
        out.writeBytes(bytes);
    }

    private static TreeEntry entry(String path, FileType type, int mode, long size) {
        return new TreeEntry(path, type, mode, size, THEN, 0, 0, 1, null);
    }

    /** The workspace after a whole replacement, found by one without faults. */
    private TreeMap<String, String> expected(char word) throws Exception {
        Path mine = volume;
        fill();
        assertThat(replace(word, 0, "")).endsWith("done");
        var result = described();
        volume = mine;
        return result;
    }

    private String replace(char word, int at, String fault) throws Exception {
        return run(List.of("replace"), tree(), String.valueOf(word), at, fault);
    }

    private String run(List<String> verb, byte[] input, String word, int at, String fault) throws Exception {
        var builder = command(verb, at, fault);
        Path tell = Files.writeString(directory.resolve("word"), word);
        Path in = Files.write(directory.resolve("input"), input);
        builder.command().addAll(0, List.of("sh", "-c", "exec \"$@\" 3< " + tell, "sh"));
        var process = builder.redirectInput(in.toFile()).start();
        String answer = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return answer;
    }

    private ProcessBuilder command(List<String> verb, int at, String fault) {
        var command = new ArrayList<>(List.of("perl", "-w", program.toString()));
        command.addAll(verb);
        var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("VOLUME", volume.toString());
        builder.environment().put("FAULT_AT", Integer.toString(at));
        builder.environment().put("FAULT", fault);
        return builder;
    }

    /** Path of everything in the workspace, with mode and content. */
    private TreeMap<String, String> described() throws IOException {
        var found = new TreeMap<String, String>();
        Path workspace = volume.resolve("fs/workspace");
        try (var all = Files.walk(workspace)) {
            for (Path path : all.toList()) {
                int mode = (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
                String what = Files.isSymbolicLink(path)
                        ? Files.readSymbolicLink(path).toString()
                        : Files.isDirectory(path) ? "/" : Files.readString(path);
                found.put(workspace.relativize(path).toString(), Integer.toOctalString(mode) + " " + what);
            }
        }
        return found;
    }
}
