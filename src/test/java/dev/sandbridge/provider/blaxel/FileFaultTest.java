package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.TestSpecs;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FileFaultTest extends VendorSuite {
    private static final String WAITING = "find /tmp/.sandbridge -name '*.new' -o -name '*.list'";

    private SandboxHandle sandbox;

    @BeforeEach
    void make() {
        sandbox = provider.create(TestSpecs.spec());
    }

    @Test
    void anUploadThatIsRefusedLeavesNothingInTheSandbox() throws Exception {
        output(sandbox, "mkdir directory; ln -s nowhere/none dangling; echo file > file");

        for (var refused : Map.of(
                        "directory", ErrorCode.WRONG_FILE_TYPE,
                        "dangling", ErrorCode.FILE_NOT_FOUND,
                        "file/below", ErrorCode.WRONG_FILE_TYPE)
                .entrySet()) {
            for (int size : new int[] {5, 5_000_000}) {
                var content = new ByteArrayInputStream(new byte[size]);
                assertThat(catchThrowableOfType(SandboxException.class, () -> sandbox.files()
                                        .write(WorkspacePath.of(refused.getKey()), content, size, null))
                                .code())
                        .as(refused.getKey())
                        .isEqualTo(refused.getValue());
            }
        }

        assertThat(output(sandbox, WAITING)).isEmpty();
        assertThat(output(sandbox, "cat file; ls -A directory")).isEqualTo("file\n");
    }

    @Test
    void aLongListIsWholeAndLeavesNothingInTheSandbox() throws Exception {
        output(sandbox, "mkdir many; cd many; for i in $(seq 3000); do : > \"name $i\"; done; ln -s 'a b' link");
        var entries = new ArrayList<FileInfo>();

        sandbox.files().list(WorkspacePath.of("many"), entries::add);

        assertThat(entries)
                .hasSize(3001)
                .extracting(FileInfo::name)
                .contains("name 1", "name 3000")
                .doesNotHaveDuplicates();
        assertThat(entries)
                .filteredOn(entry -> entry.name().equals("link"))
                .extracting(FileInfo::target)
                .containsExactly("a b");
        assertThat(output(
                        sandbox,
                        "for i in $(seq 100); do [ -n \"$(" + WAITING + ")\" ] || exec echo gone; sleep 0.1; done"))
                .isEqualTo("gone\n");
    }
}
