package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.archive.TarWriter;
import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script that puts a tree in place, on this machine: killed at every single move, and with moves that fail. */
@Timeout(240)
class TreeScriptTest {
    private static final Instant THEN = Instant.parse("2024-02-03T04:05:06.5Z");
    private static final int MOST_MOVES = 60;

    @TempDir
    Path directory;

    private Path root;
    private Path side;
    private Path moves;
    private int tokens;

    @BeforeEach
    void make() throws IOException, InterruptedException {
        root = directory.resolve("w");
        side = directory.resolve("side");
        moves = directory.resolve("moves");
        fill();
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(side.resolve("lock")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"merge", "clear"})
    void whoeverKillsItLeavesTheOldOrTheNewTreeToTheNextCall(String how) throws Exception {
        String before = tree();
        assertThat(run("", gathered(), "commit", how)).isEqualTo("done");
        String after = tree();
        assertThat(after).isNotEqualTo(before);
        for (int move = 1; ; move++) {
            assertThat(move).as("it ends").isLessThan(MOST_MOVES);
            fill();
            String token = gathered();
            String said = run(onMove(move, "kill -KILL 0; sleep 10"), token, "commit", how);

            assertThat(run("", fresh(), "recover")).isEqualTo("whole");
            assertThat(tree()).as("after move " + move).isIn(before, after);

            String next = fresh();
            assertThat(run("", next, "claim", "1")).startsWith("side ");
            assertThat(run("", next, "discard")).isEqualTo("gone");
            assertThat(side).as("nothing is left").doesNotExist();
            if (said.equals("done")) {
                return;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"merge", "clear"})
    void aMoveThatFailsTakesAllBackAlsoWhenThatIsKilled(String how) throws Exception {
        String before = tree();
        for (int move = 1; ; move++) {
            assertThat(move).as("it ends").isLessThan(MOST_MOVES);
            fill();
            String token = gathered();
            String fails = "case \"$*\" in *\"/./zero\"*|\"-f -- \"*\"./zero \"*) echo 'No space left on device' >&2; "
                    + "return 1;; esac";
            String said = run(onMove(move, "kill -KILL 0; sleep 10") + failing(fails), token, "commit", how);

            run(failing(fails), fresh(), "recover");

            assertThat(tree()).as("after move " + move).isEqualTo(before);
            if (!said.isEmpty()) {
                assertThat(said).isEqualTo("no full");
                assertThat(Files.getLastModifiedTime(root)).isEqualTo(FileTime.from(THEN));
                return;
            }
            assertThat(run("", token, "discard")).isEqualTo("gone");
        }
    }

    @Test
    void whatCouldNotBeTakenBackIsTakenBackByTheNextCall() throws Exception {
        String before = tree();
        String token = gathered();
        String jammed = failing("case \"$*\" in *added*) return 1;; *old/[a-z]*) return 1;; esac");

        assertThat(run(jammed, token, "commit", "clear")).isEqualTo("no stuck");
        assertThat(run("", fresh(), "recover")).isEqualTo("whole");

        assertThat(tree()).isEqualTo(before);
    }

    @Test
    void theSecondOfTwoIsAConflictAsLongAsTheFirstShowsSignsOfLife() throws Exception {
        String first = fresh();
        assertThat(run("", first, "claim", "1")).isEqualTo("side " + side);
        Path beat = side.resolve(first).resolve("beat");
        var beating = Thread.ofVirtual().start(() -> {
            try {
                for (int number = 0; !Thread.currentThread().isInterrupted(); number++) {
                    Files.writeString(beat, Integer.toString(number));
                }
            } catch (IOException interrupted) {
                assertThat(interrupted).isNotNull();
            }
        });
        try {
            assertThat(run("", fresh(), "claim", "600")).isEqualTo("no conflict");
        } finally {
            beating.interrupt();
            beating.join();
        }
        String second = fresh();
        assertThat(run("", second, "claim", "2")).isEqualTo("side " + side);
        assertThat(side.resolve(first)).doesNotExist();
        assertThat(run("", first, "commit", "merge")).isEqualTo("no conflict");
        assertThat(run("", first, "discard")).isEqualTo("gone");
        assertThat(Files.readSymbolicLink(side.resolve("lock"))).hasToString(":" + second);
        assertThat(run("", second, "discard")).isEqualTo("gone");
    }

    @Test
    void aTreeThatArrivedCutShortIsNotPutInPlace() throws Exception {
        String token = fresh();
        run("", token, "claim", "1");
        byte[] whole = archive();
        byte[] cut = java.util.Arrays.copyOf(whole, whole.length / 1024 * 512);

        assertThat(run("", token, cut, "gather")).isEqualTo("no broken");
        assertThat(run("", token, "commit", "clear")).isEqualTo("no conflict");
        assertThat(run("", token, "discard")).isEqualTo("gone");
    }

    @Test
    void aCommitThatComesWhileItsTreeIsGivenUpIsWholeOrNothing() throws Exception {
        String before = tree();
        String token = gathered();
        assertThat(run("", token, "commit", "clear")).isEqualTo("done");
        String after = tree();
        fill();
        String late = gathered();
        String slowly = "rm() { case \"$*\" in */lock) " + meet("givenUp", "go") + ";; esac; command rm \"$@\"; }\n";
        String moving =
                "mv() { case \"$*\" in *state*) ;; *) " + meet("moving", "on") + ";; esac; command mv \"$@\"; }\n";

        var discarded = async(() -> run(slowly, late, "discard"));
        await("givenUp");
        var committed = async(() -> run(moving, late, "commit", "clear"));
        await("moving");
        Files.createFile(directory.resolve("go"));
        assertThat(discarded.get()).isEqualTo("gone");
        Files.createFile(directory.resolve("on"));

        assertThat(committed.get()).isEqualTo("done");
        assertThat(tree()).isEqualTo(after).isNotEqualTo(before);
        assertThat(run("", fresh(), "recover")).isEqualTo("whole");
        assertThat(tree()).isEqualTo(after);
    }

    /** For a script: shows that it is here, and waits, the first time. */
    private String meet(String here, String until) {
        return "if [ ! -e '" + directory.resolve(here) + "' ]; then : > '" + directory.resolve(here) + "'; until [ -e '"
                + directory.resolve(until) + "' ]; do sleep 0.01; done; fi";
    }

    private void await(String file) {
        while (!Files.exists(directory.resolve(file))) {
            Thread.onSpinWait();
        }
    }

    private static Future<String> async(Callable<String> work) {
        var task = new FutureTask<>(work);
        Thread.ofVirtual().start(task);
        return task;
    }

    @Test
    void aWorkspaceThatIsALinkIsLeftAlone() throws Exception {
        Path elsewhere = directory.resolve("elsewhere");
        Files.move(root, elsewhere);
        Files.createSymbolicLink(root, elsewhere);

        assertThat(run("", fresh(), "claim", "1")).isEqualTo("no directory");
    }

    /** A claim, and a tree that has come with it. */
    private String gathered() throws IOException, InterruptedException {
        String token = fresh();
        assertThat(run("", token, "claim", "1")).isEqualTo("side " + side);
        assertThat(run("", token, archive(), "gather")).isEqualTo("whole");
        return token;
    }

    private static byte[] archive() throws IOException {
        var out = new ByteArrayOutputStream();
        var tar = TarWriter.forAnyTar(out);
        for (String path : List.of("zero", "a/f1", "a/b/f2", "c/f3", "turn/in", "link", "added", "a/new\nline")) {
            file(tar, "new/" + path, "new of " + path);
        }
        for (int i = 0; i < 5; i++) {
            file(tar, "new/wide/" + "x".repeat(140) + i, "n");
        }
        file(tar, "whole", "");
        tar.finish();
        return out.toByteArray();
    }

    private static void file(TarWriter tar, String path, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        tar.header(new TreeEntry(path, FileType.FILE, 0644, bytes.length, THEN, 0, 0, 1, null));
        tar.write(bytes, bytes.length);
        tar.pad(bytes.length);
    }

    /** The workspace as it is before everything. */
    private void fill() throws IOException, InterruptedException {
        Files.deleteIfExists(moves);
        shell(
                Map.of(),
                new byte[0],
                "cd '" + directory + "' && rm -rf w && mkdir -p w/a/b w/c/x w/gone && cd w && echo old > a/f1 && "
                        + "echo old > a/b/f2 && echo old > c/f3 && echo old > gone/g && echo kept > a/kept && "
                        + "echo was > turn && ln -s a link && echo h > .hid && echo odd > 'a/new\nline' && "
                        + "touch -d @1706933106.5 .");
    }

    private String tree() throws IOException, InterruptedException {
        return shell(
                Map.of(),
                new byte[0],
                "cd '" + root + "' && find . -type f -exec sh -c 'for f; do echo \"$f\"; cat \"$f\"; done' sh {} + | "
                        + "sort; find . -type d | sort; find . -type l -printf '%p %l\\n'");
    }

    private String fresh() {
        return "token" + ++tokens;
    }

    /** A shell function that counts moves and does something instead of one of them. */
    private String onMove(int number, String action) {
        return "moved() { printf x >> '" + moves + "'; if [ \"$(wc -c < '" + moves + "')\" -eq " + number + " ]; then "
                + action + "; fi; }\nmv() { moved; command mv \"$@\"; }\n";
    }

    private static String failing(String when) {
        return "type moved > /dev/null 2>&1 || moved() { :; }\nmv() { moved; " + when + "; command mv \"$@\"; }\n";
    }

    private String run(String before, String token, String... step) throws IOException, InterruptedException {
        return run(before, token, new byte[0], step);
    }

    private String run(String before, String token, byte[] input, String... step)
            throws IOException, InterruptedException {
        var environment = Map.of("_sb_root", root.toString(), "_sb_sides", side.toString(), "_sb_token", token);
        return shell(environment, input, Shell.words(List.of(step)) + before + Shell.TREE);
    }

    /** What a script says, in a process group of its own. */
    private static String shell(Map<String, String> environment, byte[] input, String script)
            throws IOException, InterruptedException {
        var builder = new ProcessBuilder("setsid", "-w", "sh", "-c", script);
        builder.environment().putAll(environment);
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        var process = builder.start();
        try (var out = process.getOutputStream()) {
            out.write(input);
        } catch (IOException readNoFurther) {
            assertThat(input).isNotEmpty();
        }
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        process.waitFor();
        return said;
    }
}
