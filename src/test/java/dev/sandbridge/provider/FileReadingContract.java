package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxFiles.OpenFile;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** {@link SandboxFiles#stat} and {@link SandboxFiles#read}. */
public abstract class FileReadingContract extends ContractSuite {
    @Test
    void statTellsWhatThePathNames() {
        var sandbox = make();
        write(sandbox, "dir/file.txt", "12345", 0640);

        FileInfo file = sandbox.files().stat(path("dir/file.txt"), true);
        FileInfo directory = sandbox.files().stat(path("dir"), true);

        assertThat(file.name()).isEqualTo("file.txt");
        assertThat(file.type()).isEqualTo(FileType.FILE);
        assertThat(file.mode()).isEqualTo(0640);
        assertThat(file.size()).isEqualTo(5);
        assertThat(file.target()).isNull();
        assertThat(Duration.between(file.modified(), Instant.now()).abs()).isLessThan(Duration.ofMinutes(2));
        assertThat(directory.name()).isEqualTo("dir");
        assertThat(directory.type()).isEqualTo(FileType.DIRECTORY);
        assertThat(sandbox.files().stat(path("/workspace"), true).type()).isEqualTo(FileType.DIRECTORY);
    }

    @Test
    void statTellsOwnerTimeAndSpecialBitsAsACommandSeesThem() {
        var sandbox = make();
        sh(sandbox, "echo x > f; chmod 2755 f; touch -d '2020-02-03 04:05:06.123456789 UTC' f");

        FileInfo file = sandbox.files().stat(path("f"), true);

        assertThat("%o %d %d %s %s\n".formatted(file.mode(), file.uid(), file.gid(), file.user(), file.group()))
                .isEqualTo(sh(sandbox, "stat -c '%a %u %g %U %G' f"));
        assertThat(file.modified().getEpochSecond())
                .isEqualTo(Instant.parse("2020-02-03T04:05:06Z").getEpochSecond());
    }

    @Test
    void statFollowsALinkAsLastSegmentOnlyWhenAsked() {
        var sandbox = make();
        write(sandbox, "dir/target", "123");
        sh(sandbox, "ln -s dir/target link; ln -s dir dirlink");

        FileInfo link = sandbox.files().stat(path("link"), false);

        assertThat(link.type()).isEqualTo(FileType.SYMLINK);
        assertThat(link.target()).isEqualTo("dir/target");
        assertThat(link.size()).isEqualTo("dir/target".length());
        assertThat(sandbox.files().stat(path("link"), true).type()).isEqualTo(FileType.FILE);
        assertThat(sandbox.files().stat(path("link"), true).size()).isEqualTo(3);
        assertThat(sandbox.files().stat(path("dirlink/target"), false).size()).isEqualTo(3);
    }

    @Test
    void statOfAPathThatNamesNothingIsFileNotFound() {
        var sandbox = make();
        write(sandbox, "file", "x");
        sh(sandbox, "ln -s nowhere dangling");

        assertThat(codeOf(() -> sandbox.files().stat(path("none"), true))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
        assertThat(codeOf(() -> sandbox.files().stat(path("no/ne"), true))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
        assertThat(codeOf(() -> sandbox.files().stat(path("dangling"), true))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
        assertThat(sandbox.files().stat(path("dangling"), false).type()).isEqualTo(FileType.SYMLINK);
        assertThat(codeOf(() -> sandbox.files().stat(path("file/below"), true)))
                .isIn(ErrorCode.FILE_NOT_FOUND, ErrorCode.WRONG_FILE_TYPE);
    }

    @Test
    void aLoopOfLinksIsATypedErrorAndEndsNothing() {
        var sandbox = make();
        sh(sandbox, "ln -s b a; ln -s a b");

        assertThat(catchThrowable(() -> sandbox.files().stat(path("a"), true))).isInstanceOf(SandboxException.class);
        assertThat(catchThrowable(() -> sandbox.files().read(path("a/x"), 0, -1)))
                .isInstanceOf(SandboxException.class);
        assertThat(sandbox.files().stat(path("a"), false).target()).isEqualTo("b");
    }

    @Test
    void readGivesTheSmallerOfLengthAndTheRestAfterOffset() throws Exception {
        var bytes = new byte[200_000];
        new Random(5).nextBytes(bytes);
        var sandbox = make();
        sandbox.files().write(path("f"), new ByteArrayInputStream(bytes), -1, null);
        long[][] ranges = {
            {0, -1},
            {0, 0},
            {0, 1},
            {0, 200_000},
            {0, 900_000},
            {3, -1},
            {70_000, 65_536},
            {199_999, 5},
            {199_999, 1},
            {200_000, -1},
            {200_000, 9},
            {1L << 40, -1},
            {1L << 40, 4},
            {5, Long.MAX_VALUE}
        };
        for (long[] range : ranges) {
            int from = (int) Math.min(range[0], bytes.length);
            int to =
                    range[1] < 0 ? bytes.length : (int) Math.min(bytes.length, from + Math.min(range[1], bytes.length));
            try (OpenFile file = sandbox.files().read(path("f"), range[0], range[1])) {
                assertThat(file.content().readAllBytes())
                        .as(Arrays.toString(range))
                        .isEqualTo(Arrays.copyOfRange(bytes, from, to));
                assertThat(file.info().size()).isEqualTo(bytes.length);
                assertThat(file.info().type()).isEqualTo(FileType.FILE);
            }
        }
    }

    @Test
    void readOfAnEmptyFileGivesNoBytes() {
        var sandbox = make();
        write(sandbox, "empty", "");

        assertThat(read(sandbox, "empty")).isEmpty();
    }

    @Test
    void aLinkReachesWhatACommandWouldReach() {
        var sandbox = make();
        write(sandbox, "dir/target", "content");
        sh(sandbox, "ln -s dir/target relative; ln -s /workspace/dir absolute; ln -s ../dir/target dir/up");

        assertThat(read(sandbox, "relative")).isEqualTo("content");
        assertThat(read(sandbox, "absolute/target")).isEqualTo("content");
        assertThat(read(sandbox, "dir/up")).isEqualTo("content");
    }

    @Test
    void aLinkReachesNothingOfTheHost() throws Exception {
        var sandbox = make();
        var secret = Files.createTempFile("host", "secret");
        try {
            Files.writeString(secret, "of the host");
            sh(sandbox, "ln -s " + secret + " absolute; ln -s ../../../../../../../../.." + secret + " climbing");

            for (String link : List.of("absolute", "climbing")) {
                assertThat(codeOf(() -> read(sandbox, link))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
                assertThat(codeOf(() -> sandbox.files().stat(path(link), true))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
            }
        } finally {
            Files.delete(secret);
        }
    }

    @Test
    void readOfWhatIsNoRegularFileIsWrongFileTypeAndDoesNotHang() {
        var sandbox = make();
        sh(sandbox, "mkdir dir; mkfifo fifo; ln -s fifo tofifo");

        for (String other : List.of("dir", "fifo", "tofifo", "/workspace")) {
            assertThat(codeOf(() -> sandbox.files().read(path(other), 0, -1)))
                    .as(other)
                    .isEqualTo(ErrorCode.WRONG_FILE_TYPE);
        }
        assertThat(sandbox.files().stat(path("fifo"), true).type()).isEqualTo(FileType.OTHER);
        assertThat(codeOf(() -> sandbox.files().read(path("none"), 0, -1))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
    }

    @Test
    void whatTheUserMayNotReadIsFilePermissionDenied() {
        var sandbox = make();
        write(sandbox, "locked/file", "secret");
        sh(sandbox, "chmod 000 locked/file locked");
        boolean readable = run(sandbox, script("cat locked/file")).status().code() == 0;

        if (readable) {
            assertThat(read(sandbox, "locked/file")).isEqualTo("secret");
        } else {
            assertThat(codeOf(() -> read(sandbox, "locked/file"))).isEqualTo(ErrorCode.FILE_PERMISSION_DENIED);
            assertThat(codeOf(() -> sandbox.files().list(path("locked"), entry -> {})))
                    .isEqualTo(ErrorCode.FILE_PERMISSION_DENIED);
        }
    }

    @Test
    void aFileThatIsReplacedWhileItIsReadIsReadAsItWas() throws Exception {
        var sandbox = make();
        write(sandbox, "f", "a".repeat(3_000_000));

        try (OpenFile file = sandbox.files().read(path("f"), 0, -1)) {
            readExactly(file.content(), 10);
            write(sandbox, "f", "b".repeat(100));
            assertThat(new String(file.content().readAllBytes(), UTF_8)).isEqualTo("a".repeat(2_999_990));
        }
    }

    @Test
    void aFileThatIsCutShortWhileItIsReadFailsAndNeverSeemsComplete() throws Exception {
        var sandbox = make();
        sh(sandbox, "head -c 60000000 /dev/zero > f");

        try (OpenFile file = sandbox.files().read(path("f"), 0, -1)) {
            readExactly(file.content(), 10);
            sh(sandbox, ": > f");
            assertThat(catchThrowable(() -> file.content().readAllBytes())).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aLargeSparseFileIsReadWholeAndFromItsEnd() throws Exception {
        var sandbox = make();
        sh(sandbox, "truncate -s 299999999 f; printf x >> f");

        try (OpenFile file = sandbox.files().read(path("f"), 0, -1)) {
            assertThat(file.content().transferTo(OutputStream.nullOutputStream()))
                    .isEqualTo(300_000_000);
        }
        try (OpenFile file = sandbox.files().read(path("f"), 299_999_995, -1)) {
            assertThat(file.content().readAllBytes()).containsExactly(0, 0, 0, 0, 'x');
        }
    }

    @Test
    void closingEarlyIsFine() throws Exception {
        var sandbox = make();
        sh(sandbox, "head -c 20000000 /dev/zero > f");
        for (int i = 0; i < 30; i++) {
            OpenFile file = sandbox.files().read(path("f"), 0, -1);
            InputStream content = file.content();
            readExactly(content, 100);
            file.close();
            file.close();
            assertThat(catchThrowable(content::read)).isInstanceOf(IOException.class);
        }

        assertThat(read(sandbox, "f")).hasSize(20_000_000);
    }

    @Test
    void theTemporaryFilesOfTheSdkAreReachable() {
        var sandbox = make();
        write(sandbox, "/tmp/openai-agents-1/staged", "staged");

        assertThat(read(sandbox, "/tmp/openai-agents-1/staged")).isEqualTo("staged");
        sandbox.files().delete(path("/tmp/openai-agents-1"), true);
        assertThat(exists(sandbox, "/tmp/openai-agents-1/staged")).isFalse();
    }
}
