package dev.sandbridge.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WorkspacePathTest {
    @ParameterizedTest
    @CsvSource({
        "/workspace, /workspace",
        "/workspace/, /workspace",
        "src, /workspace/src",
        "./a//b/../c, /workspace/a/c",
        "/workspace/../workspace/x, /workspace/x",
        "/tmp/openai-agents-0af, /tmp/openai-agents-0af",
    })
    void normalizes(String given, String expected) {
        assertThat(WorkspacePath.of(given).text()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/etc/passwd",
                "..",
                "/workspace/../tmp/x",
                "/workspacefoo/x",
                "/tmp/secret",
                "/tmp/openai-agents-",
                "/tmp/openai-agents-x/../../etc/passwd",
                "a/../../b"
            })
    void refusesWhatLeadsOutside(String given) {
        assertThatThrownBy(() -> WorkspacePath.of(given)).isInstanceOfSatisfying(SandboxException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.PATH_OUTSIDE_WORKSPACE);
            assertThat(e.text()).contains("within /workspace");
        });
    }

    @Test
    void refusesEmptyNulAndTooLong() {
        for (String bad : new String[] {"", "a\0b", "x".repeat(4096)}) {
            assertThatThrownBy(() -> WorkspacePath.of(bad))
                    .isInstanceOfSatisfying(
                            SandboxException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
        }
    }

    @Property
    void anyBytesSurviveAsAName(@ForAll byte[] name) {
        assertThat(FileNames.encode(FileNames.decode(name))).isEqualTo(name);
    }
}
