package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** {@link SandboxFiles#write}. */
public abstract class FileWritingContract extends ContractSuite {
    private static final int BIG = 1 << 20;

    @Test
    void writeMakesAFileOfThatContentWithMode0644() {
        var sandbox = make();
        byte[] bytes = "content\0\n".getBytes(UTF_8);

        FileInfo info = soonWrite(sandbox, "new", new ByteArrayInputStream(bytes), bytes.length, null);

        assertThat(info.name()).isEqualTo("new");
        assertThat(info.type()).isEqualTo(FileType.FILE);
        assertThat(info.mode()).isEqualTo(0644);
        assertThat(info.size()).isEqualTo(9);
        assertThat(info).isEqualTo(sandbox.files().stat(path("new"), true));
        assertThat(sh(sandbox, "cat new")).isEqualTo("content\0\n");
    }

    @Test
    void writtenFilesBelongToTheUserThatCommandsRunAs() {
        var sandbox = make();
        write(sandbox, "dir/written", "x");

        assertThat(sh(sandbox, "touch made; mkdir made.d; stat -c '%u %g' dir/written dir"))
                .isEqualTo(sh(sandbox, "stat -c '%u %g' made made.d"));
        assertThat(sh(sandbox, "echo y >> dir/written; cat dir/written")).isEqualTo("xy\n");
    }

    @Test
    void modeIsThatOfANewOrReplacedFileAndNullKeepsAnExistingFiles() {
        var sandbox = make();
        write(sandbox, "f", "1", 0755);
        assertThat(mode(sandbox, "f")).isEqualTo(0755);

        write(sandbox, "f", "2");
        assertThat(mode(sandbox, "f")).isEqualTo(0755);

        write(sandbox, "f", "3", 0666);
        assertThat(mode(sandbox, "f")).isEqualTo(0666);
        assertThat(read(sandbox, "f")).isEqualTo("3");
    }

    @Test
    void missingParentsAreCreated() {
        var sandbox = make();
        write(sandbox, "a/b/c/file", "deep");

        assertThat(read(sandbox, "a/b/c/file")).isEqualTo("deep");
        assertThat(mode(sandbox, "a/b")).isEqualTo(0755);
    }

    @Test
    void aParentThatIsNoDirectoryIsWrongFileType() {
        var sandbox = make();
        write(sandbox, "file", "x");

        assertThat(codeOf(() -> write(sandbox, "file/below", "y"))).isEqualTo(ErrorCode.WRONG_FILE_TYPE);
        assertThat(codeOf(() -> write(sandbox, "file/be/low", "y"))).isEqualTo(ErrorCode.WRONG_FILE_TYPE);
        assertThat(read(sandbox, "file")).isEqualTo("x");
    }

    @Test
    void aTargetThatIsNoRegularFileIsWrongFileTypeAndDoesNotHang() {
        var sandbox = make();
        sh(sandbox, "mkdir dir; mkfifo fifo");

        for (String other : List.of("dir", "fifo", "/workspace")) {
            assertThat(codeOf(() -> write(sandbox, other, "x"))).as(other).isEqualTo(ErrorCode.WRONG_FILE_TYPE);
        }
        assertThat(names(sandbox, "/workspace")).containsExactlyInAnyOrder("dir", "fifo");
    }

    @Test
    void writeThroughALinkWritesWhatACommandWouldWrite() {
        var sandbox = make();
        write(sandbox, "dir/target", "old");
        sh(sandbox, "ln -s dir/target link; ln -s /workspace/dir dirlink; ln -s made dangling");

        write(sandbox, "link", "through link");
        write(sandbox, "dirlink/second", "through directory");
        write(sandbox, "dangling", "to the target");

        assertThat(read(sandbox, "dir/target")).isEqualTo("through link");
        assertThat(sandbox.files().stat(path("link"), false).type()).isEqualTo(FileType.SYMLINK);
        assertThat(read(sandbox, "dir/second")).isEqualTo("through directory");
        assertThat(read(sandbox, "made")).isEqualTo("to the target");
        assertThat(sandbox.files().stat(path("dangling"), false).type()).isEqualTo(FileType.SYMLINK);
    }

    @Test
    void contentIsReadToItsEndAndNotClosed() throws Exception {
        var sandbox = make();
        var closed = new AtomicBoolean();
        var content = new FilterInputStream(new ByteArrayInputStream(new byte[BIG])) {
            @Override
            public void close() {
                closed.set(true);
            }
        };

        soonWrite(sandbox, "f", content, -1, null);

        assertThat(sandbox.files().stat(path("f"), true).size()).isEqualTo(BIG);
        assertThat(content.read()).isEqualTo(-1);
        assertThat(closed).isFalse();
    }

    @Test
    void contentThatFailsLeavesTheOldFileAsItWas() {
        var sandbox = make();
        write(sandbox, "f", "old", 0600);
        var failure = new IOException("the caller went away");

        assertThat(catchThrowable(() -> sandbox.files().write(path("f"), failing(failure), -1, 0644)))
                .isSameAs(failure);
        assertThat(catchThrowable(() -> sandbox.files().write(path("new"), failing(failure), 2L * BIG, null)))
                .isSameAs(failure);

        assertThat(read(sandbox, "f")).isEqualTo("old");
        assertThat(mode(sandbox, "f")).isEqualTo(0600);
        assertThat(names(sandbox, "/workspace")).as("no temporary file").containsExactly("f");
    }

    @Test
    void contentThatFailsUnexpectedlyLeavesTheOldFileAsItWas() {
        var sandbox = make();
        write(sandbox, "f", "old");
        var failure = new IllegalStateException("broken stream");
        var content = new InputStream() {
            @Override
            public int read() {
                throw failure;
            }
        };

        assertThat(catchThrowable(() -> sandbox.files().write(path("f"), content, -1, null)))
                .isSameAs(failure);
        assertThat(read(sandbox, "f")).isEqualTo("old");
        assertThat(names(sandbox, "/workspace")).containsExactly("f");
    }

    @Test
    void lengthIsTheExactNumberOfBytesThatMustCome() {
        var sandbox = make();
        write(sandbox, "f", "old");

        for (long announced : new long[] {0, BIG - 1, BIG + 1, 10L * BIG}) {
            var content = new ByteArrayInputStream(new byte[BIG]);
            assertThat(catchThrowable(() -> sandbox.files().write(path("f"), content, announced, null)))
                    .as("announced " + announced)
                    .isNotNull();
        }
        assertThat(read(sandbox, "f")).isEqualTo("old");
        assertThat(names(sandbox, "/workspace")).containsExactly("f");
    }

    @Test
    void readersSeeTheOldContentsOrTheNew() throws Exception {
        var sandbox = make();
        write(sandbox, "f", "a".repeat(BIG));
        var done = new AtomicBoolean();
        var writer = async(() -> {
            for (int i = 0; i < 12; i++) {
                write(sandbox, "f", (i % 2 == 0 ? "b" : "a").repeat(BIG));
            }
            done.set(true);
            return done;
        });

        do {
            String text = read(sandbox, "f");
            assertThat(text).hasSize(BIG);
            assertThat(text.chars().distinct().count()).as("of one write").isEqualTo(1);
        } while (!done.get() && !writer.isDone());
        soon(writer);
    }

    @Test
    void concurrentWritersGiveOneWholeFile() throws Exception {
        var sandbox = make();
        var next = new AtomicInteger('a');

        atOnce(8, () -> {
            write(sandbox, "d/f", Character.toString(next.getAndIncrement()).repeat(BIG / 2));
            return true;
        });

        String text = read(sandbox, "d/f");
        assertThat(text).hasSize(BIG / 2);
        assertThat(text.chars().distinct().count()).isEqualTo(1);
        assertThat(names(sandbox, "d")).as("no temporary file").containsExactly("f");
    }

    @Test
    void muchContentPassesWithFlatMemory() {
        var sandbox = make();
        var zeros = new InputStream() {
            private long left = 200_000_000;
            private long most;

            @Override
            public int read() {
                return left-- > 0 ? 0 : -1;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) {
                int n = (int) Math.min(length, left);
                if (left / 40_000_000 != (left - n) / 40_000_000) {
                    most = Math.max(most, usedMemory());
                }
                left -= n;
                return n == 0 ? -1 : n;
            }
        };
        long before = usedMemory();

        soonWrite(sandbox, "f", zeros, 200_000_000, null);

        assertThat(sandbox.files().stat(path("f"), true).size()).isEqualTo(200_000_000);
        assertThat(zeros.most - before).as("bytes held").isLessThan(16 << 20);
    }

    private static FileInfo soonWrite(
            SandboxHandle sandbox, String path, InputStream content, long length, @Nullable Integer mode) {
        return soon(async(() -> sandbox.files().write(path(path), content, length, mode)));
    }

    private static int mode(SandboxHandle sandbox, String path) {
        return sandbox.files().stat(path(path), true).mode();
    }

    private static InputStream failing(IOException failure) {
        return new SequenceInputStream(new ByteArrayInputStream(new byte[BIG]), new InputStream() {
            @Override
            public int read() throws IOException {
                throw failure;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                throw failure;
            }
        });
    }
}
