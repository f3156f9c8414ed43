package dev.sandbridge.provider.local;

import static dev.sandbridge.provider.local.LocalSandboxes.sh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxFiles;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileType;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class LocalFilesTest {
    private static LocalSandboxes sandboxes;
    private static SandboxHandle sandbox;
    private static SandboxFiles files;

    @BeforeAll
    static void create() throws IOException {
        sandboxes = new LocalSandboxes();
        sandbox = sandboxes.create();
        files = sandbox.files();
    }

    @AfterAll
    static void remove() throws IOException {
        sandboxes.close();
    }

    @BeforeEach
    void anEmptyWorkspace() throws IOException {
        assertThat(sh(sandbox, "chmod -R u+rwX . && find . -mindepth 1 -delete").code())
                .isZero();
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        var info = write("a/b/c.txt", "hello");

        assertThat(info.name()).isEqualTo("c.txt");
        assertThat(info.size()).isEqualTo(5);
        assertThat(info.mode()).isEqualTo(0644);
        assertThat(info.type()).isEqualTo(FileType.FILE);
        assertThat(read("a/b/c.txt", 0, -1)).isEqualTo("hello");
        assertThat(sh(sandbox, "cat a/b/c.txt").stdout()).isEqualTo("hello");
    }

    @Test
    void partsOfAFileAreRead() throws IOException {
        write("f", "0123456789");

        assertThat(read("f", 3, 4)).isEqualTo("3456");
        assertThat(read("f", 8, 100)).isEqualTo("89");
        assertThat(read("f", 10, -1)).isEmpty();
        assertThat(read("f", 1000, 5)).isEmpty();
        assertThat(read("f", 2, 0)).isEmpty();
    }

    @Test
    void manyMegabytesPassBothWaysAndClosingEarlyIsFine() throws IOException {
        long size = 64L << 20;
        var info = files.write(path("big"), zeros(size), size, null);
        assertThat(info.size()).isEqualTo(size);

        try (var open = files.read(path("big"), 0, -1)) {
            assertThat(open.content().transferTo(OutputStream.nullOutputStream()))
                    .isEqualTo(size);
        }
        long descriptors = Pipe.openDescriptors();
        for (int i = 0; i < 20; i++) {
            try (var open = files.read(path("big"), 0, -1)) {
                assertThat(open.content().read()).isZero();
            }
        }
        // Others in this process open some, too, but not one for each.
        assertThat(Pipe.openDescriptors()).isLessThan(descriptors + 10);
    }

    @Test
    void theModeAskedForIsSetAlsoOnAFileThatExistsAndOtherwiseKept() throws IOException {
        files.write(path("m"), bytes("1"), -1, 0640);
        assertThat(files.stat(path("m"), true).mode()).isEqualTo(0640);

        assertThat(write("m", "2").mode()).isEqualTo(0640);
        assertThat(files.write(path("m"), bytes("3"), -1, 0755).mode()).isEqualTo(0755);
    }

    @Test
    void contentThatFailsLeavesTheOldFileAndNothingElse() throws IOException {
        write("f", "old");
        var failing = new SequenceInputStream(bytes("new".repeat(100_000)), new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the caller went away");
            }
        });

        assertThatThrownBy(() -> files.write(path("f"), failing, -1, null))
                .isInstanceOf(IOException.class)
                .hasMessage("the caller went away");
        assertThatThrownBy(() -> files.write(path("f"), bytes("12345"), 4, null))
                .satisfies(is(ErrorCode.INVALID_REQUEST));
        assertThatThrownBy(() -> files.write(path("f"), bytes("123"), 4, null))
                .satisfies(is(ErrorCode.INVALID_REQUEST));

        assertThat(read("f", 0, -1)).isEqualTo("old");
        LocalSandboxes.await("the verbs to give up", () -> list(".").size() == 1);
    }

    @Test
    void readersSeeTheOldOrTheNewFileAndNothingBetween() throws Exception {
        write("f", "a".repeat(200_000));
        var writer = CompletableFuture.runAsync(() -> {
            for (int i = 0; i < 20; i++) {
                try {
                    write("f", (i % 2 == 0 ? "b" : "a").repeat(200_000));
                } catch (IOException failed) {
                    throw new java.io.UncheckedIOException(failed);
                }
            }
        });
        while (!writer.isDone()) {
            assertThat(read("f", 0, -1))
                    .matches(text ->
                            text.length() == 200_000 && text.chars().distinct().count() == 1);
        }
        writer.get();
    }

    @Test
    void whatIsNotThereIsNotFound() {
        assertThatThrownBy(() -> read("no", 0, -1)).satisfies(is(ErrorCode.FILE_NOT_FOUND));
        assertThatThrownBy(() -> files.stat(path("no"), true)).satisfies(is(ErrorCode.FILE_NOT_FOUND));
        assertThatThrownBy(() -> files.delete(path("no"), true)).satisfies(is(ErrorCode.FILE_NOT_FOUND));
        assertThatThrownBy(() -> list("no")).satisfies(is(ErrorCode.FILE_NOT_FOUND));
        assertThatThrownBy(() -> files.makeDirectory(path("no/no"), false, null))
                .satisfies(is(ErrorCode.FILE_NOT_FOUND));
    }

    @Test
    void whatIsOfAnotherKindIsAWrongType() throws IOException {
        sh(sandbox, "mkdir d; mkfifo fifo; echo 1 > f; ln -s loop loop");

        assertThatThrownBy(() -> read("d", 0, -1)).satisfies(is(ErrorCode.WRONG_FILE_TYPE));
        assertThatThrownBy(() -> read("fifo", 0, -1)).satisfies(is(ErrorCode.WRONG_FILE_TYPE));
        assertThatThrownBy(() -> read("loop", 0, -1)).satisfies(is(ErrorCode.WRONG_FILE_TYPE));
        assertThatThrownBy(() -> write("d", "x")).satisfies(is(ErrorCode.WRONG_FILE_TYPE));
        assertThatThrownBy(() -> list("f")).satisfies(is(ErrorCode.WRONG_FILE_TYPE));
    }

    @Test
    void linksLeadWhereACommandWouldGo() throws IOException {
        sh(
                sandbox,
                "echo inside > target; ln -s target link; ln -s /etc/hostname absolute; "
                        + "ln -s ../../../../etc/hostname up");

        assertThat(read("link", 0, -1)).isEqualTo("inside\n");
        assertThat(read("absolute", 0, -1))
                .isEqualTo(sh(sandbox, "cat /etc/hostname").stdout());
        assertThat(read("up", 0, -1)).isEqualTo(sh(sandbox, "cat /etc/hostname").stdout());
        assertThat(files.stat(path("link"), false).target()).isEqualTo("target");
        assertThat(files.stat(path("link"), true).type()).isEqualTo(FileType.FILE);

        write("link", "changed");
        assertThat(read("target", 0, -1)).isEqualTo("changed");
        assertThat(files.stat(path("link"), false).type()).isEqualTo(FileType.SYMLINK);
    }

    @Test
    void anyNameIsListed() throws IOException {
        sh(
                sandbox,
                "touch \"$(printf 'a\\nb')\" \"$(printf '\\377\\376')\" ' x ' -- -rf; "
                        + "mkdir d; ln -s nowhere l; mkfifo p");

        assertThat(list(".").stream().map(FileInfo::name))
                .containsExactlyInAnyOrder("a\nb", "\uDCFF\uDCFE", " x ", "-rf", "d", "l", "p");
        assertThat(list(".").stream()
                        .filter(entry -> entry.name().equals("l"))
                        .findFirst()
                        .orElseThrow()
                        .target())
                .isEqualTo("nowhere");
        files.delete(path("\uDCFF\uDCFE"), false);
        assertThat(list(".")).hasSize(6);
    }

    @Test
    void manyEntriesAreListed() throws IOException {
        sh(sandbox, "mkdir many; cd many; seq 5000 | xargs touch");

        assertThat(list("many")).hasSize(5000);
    }

    @Test
    void directoriesAreMadeAndRemoved() throws IOException {
        assertThat(files.makeDirectory(path("x/y"), true, 0700).mode()).isEqualTo(0700);
        assertThat(files.makeDirectory(path("x/y"), true, null).type()).isEqualTo(FileType.DIRECTORY);
        assertThatThrownBy(() -> files.makeDirectory(path("x/y"), false, null)).satisfies(is(ErrorCode.CONFLICT));
        assertThatThrownBy(() -> files.delete(path("x"), false)).satisfies(is(ErrorCode.CONFLICT));

        sh(sandbox, "mkdir outside; echo 1 > outside/keep; ln -s ../outside x/link");
        files.delete(path("x"), true);

        assertThat(list(".").stream().map(FileInfo::name)).containsExactly("outside");
        assertThat(read("outside/keep", 0, -1)).isEqualTo("1\n");
    }

    @Test
    void aFullDiskIsSaidAndLeavesTheOldFile() throws IOException {
        sandboxes.requireHard("disk");
        write("f", "old");

        assertThatThrownBy(() -> files.write(path("f"), zeros(1L << 30), -1, null))
                .satisfies(is(ErrorCode.DISK_FULL));

        assertThat(read("f", 0, -1)).isEqualTo("old");
        assertThat(write("g", "there is room again").size()).isPositive();
    }

    @Test
    void aFileThatShrinksWhileItIsReadIsAFailureAndNeverAShortFile() throws IOException {
        files.write(path("f"), zeros(32L << 20), -1, null);
        try (var open = files.read(path("f"), 0, -1)) {
            sh(sandbox, ": > f");
            assertThatThrownBy(() -> open.content().transferTo(OutputStream.nullOutputStream()))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void anInterruptEndsAnUpload() throws Exception {
        write("f", "old");
        var result = new CompletableFuture<Throwable>();
        var thread = Thread.ofVirtual().start(() -> {
            try {
                files.write(path("f"), zeros(Long.MAX_VALUE), -1, null);
            } catch (Throwable failed) {
                result.complete(failed);
            }
        });
        LocalSandboxes.await("the upload to begin", () -> {
            try {
                return !sh(sandbox, "ls -l /proc/[0-9]*/fd 2>/dev/null | grep deleted")
                                .stdout()
                                .isEmpty()
                        || !thread.isAlive();
            } catch (IOException failed) {
                throw new java.io.UncheckedIOException(failed);
            }
        });
        thread.interrupt();

        assertThat(result.get()).isInstanceOf(Exception.class);
        assertThat(read("f", 0, -1)).isEqualTo("old");
    }

    private static FileInfo write(String path, String text) throws IOException {
        return files.write(path(path), bytes(text), text.getBytes(StandardCharsets.UTF_8).length, null);
    }

    private static String read(String path, long offset, long length) throws IOException {
        try (var open = files.read(path(path), offset, length)) {
            return new String(open.content().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static ArrayList<FileInfo> list(String path) {
        var entries = new ArrayList<FileInfo>();
        files.list(path(path), entries::add);
        entries.sort(Comparator.comparing(FileInfo::name));
        return entries;
    }

    private static WorkspacePath path(String path) {
        return WorkspacePath.of(path);
    }

    private static InputStream bytes(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    /** So many zero bytes that take no memory. */
    private static InputStream zeros(long size) {
        return new InputStream() {
            private long left = size;

            @Override
            public int read() {
                return left-- > 0 ? 0 : -1;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                if (left == 0) {
                    return -1;
                }
                int count = (int) Math.min(length, left);
                left -= count;
                return count;
            }
        };
    }

    private static Consumer<Throwable> is(ErrorCode code) {
        return failure -> assertThat(failure)
                .isInstanceOfSatisfying(SandboxException.class, known -> assertThat(known.code())
                        .isEqualTo(code));
    }
}
