package dev.sandbridge.provider.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes out of a sandbox as the answer of a file verb, true and false. */
class FileVerbTest {
    private static final String GOOD =
            "symlink\0" + "04755\0" + "1\0" + "2\0" + "me\0" + "us\0" + "5\0" + "-1\0" + "a/b\0x";

    @Test
    void aRecordIsRead() throws Exception {
        var info = info(GOOD);

        assertThat(info.name()).isEqualTo("b");
        assertThat(info.type()).isEqualTo(FileType.SYMLINK);
        assertThat(info.mode()).isEqualTo(04755);
        assertThat(info.modified()).isEqualTo(Instant.ofEpochSecond(-1, 999_999_999));
        assertThat(info.target()).isEqualTo("x");
    }

    private static FileInfo info(String record) throws Exception {
        return FileVerb.info(Objects.requireNonNull(FileVerb.next(stream(record))));
    }

    @Test
    void theEndIsNoRecord() throws Exception {
        assertThat(FileVerb.next(new ByteArrayInputStream(new byte[0]))).isNull();
    }

    @Test
    void anErrorRecordIsAFailureWithItsNumber() {
        assertThatThrownBy(() -> FileVerb.next(stream("error\0002\0No such file")))
                .isInstanceOfSatisfying(FileVerb.Failure.class, failure -> assertThat(failure.errno())
                        .isEqualTo(Errno.ENOENT));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "file",
                "error",
                "error\0two",
                "planet\0000\0000\0000\0u\0g\0000\0000\0n\0",
                "file\0999\0000\0000\0u\0g\0000\0000\0n\0",
                "file\0000\0x\0000\0u\0g\0000\0000\0n\0",
                "file\0000\0000\0000\0u\0g\000099999999999999999999\0000\0n\0",
                "file\0000\0000\0000\0u\0g\0000\0000\0n\0\0more",
            })
    void aMalformedRecordIsRefused(String record) {
        assertThatThrownBy(() -> info(record)).isInstanceOf(IOException.class);
    }

    @Test
    void aRecordThatIsCutShortOrTooLongIsRefused() {
        assertThatThrownBy(() -> FileVerb.next(new ByteArrayInputStream(new byte[] {1, 0})))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> FileVerb.next(new ByteArrayInputStream(new byte[] {9, 0, 0, 0, 'x'})))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> FileVerb.next(new ByteArrayInputStream(new byte[] {-1, -1, -1, -1})))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> FileVerb.next(new ByteArrayInputStream(new byte[] {0, 0, 0, 64})))
                .isInstanceOf(IOException.class);
    }

    @Test
    void aFaultIsReadAndNonsenseIsAFaultToo() {
        assertThat(FileVerb.fault("chdir 13 Permission denied".getBytes(StandardCharsets.UTF_8)))
                .hasMessage("chdir")
                .extracting(FileVerb.Failure::errno)
                .isEqualTo(Errno.EACCES);
        assertThat(FileVerb.fault("nonsense".getBytes(StandardCharsets.UTF_8)).errno())
                .isEqualTo(Errno.EIO);
    }

    private static ByteArrayInputStream stream(String record) {
        byte[] bytes = record.getBytes(StandardCharsets.UTF_8);
        return new ByteArrayInputStream(ByteBuffer.allocate(4 + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bytes.length)
                .put(bytes)
                .array());
    }
}
