package dev.sandbridge.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.archive.HostileArchives.Attack;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No archive of the hostile kind is taken, and the refusal says which member breaks which rule. */
class HostileArchiveTest {
    static List<Attack> attacks() {
        return HostileArchives.all();
    }

    static Stream<Attack> truncated() {
        return attacks().stream().filter(attack -> attack.name().contains("truncated"));
    }

    @ParameterizedTest
    @MethodSource("attacks")
    @DisplayName("statement 92, trap 46: a hostile archive is refused with its rule")
    void refusesWithMemberAndRule(Attack attack) {
        var refused = catchThrowableOfType(
                SandboxException.class, () -> read(attack.open().get()));
        assertThat(refused).as("the archive was taken").isNotNull();
        assertThat(refused.details().get("rule")).asString().startsWith(attack.rule());
        assertThat(refused.details()).containsKey("member");
        assertThat(refused.text()).contains(attack.rule()).doesNotContain("\n", "\0");
        assertThat(refused.code()).isIn(ErrorCode.WORKSPACE_WRITE_FAILED, ErrorCode.PAYLOAD_TOO_LARGE);
        assertThat(refused.retry()).isEqualTo(Retry.NO);
        assertThat(refused.action()).isNotNull();
    }

    @ParameterizedTest
    @MethodSource("truncated")
    void anArchiveThatEndsEarlyIsInterrupted(Attack attack) {
        var unpacker = new TreeUnpacker(attack.open().get(), HostileArchives.LIMITS, line -> {});
        assertThat(catchThrowableOfType(SandboxException.class, () -> drain(unpacker)))
                .isNotNull();
        assertThat(unpacker.interrupted()).isTrue();
    }

    @Test
    void anAttackIsNoInterruption() {
        var attack =
                new ByteArrayInputStream(new RawTar().file("../planted", "x").build());
        var unpacker = new TreeUnpacker(attack, HostileArchives.LIMITS, line -> {});
        assertThat(catchThrowableOfType(SandboxException.class, () -> drain(unpacker)))
                .isNotNull();
        assertThat(unpacker.interrupted()).isFalse();
    }

    @Test
    void everyAttackHasItsOwnName() {
        assertThat(attacks()).extracting(Attack::name).doesNotHaveDuplicates();
    }

    @Test
    @DisplayName("statement 90: an archive of no bytes is refused as such")
    void refusesNoBytes() {
        var refused = catchThrowableOfType(SandboxException.class, () -> read(InputStream.nullInputStream()));
        assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(refused.text()).contains("Empty tar payload");
    }

    @Test
    void harmlessOddNamesAreTaken() {
        byte[] tar = new RawTar()
                .file("line\nbreak", "x")
                .file("-rf *", "x")
                .file("C", "x")
                .file("./a:b", "x")
                .file("..a", "x")
                .link("self", "self")
                .build();
        assertThat(Archives.unpack(tar, HostileArchives.LIMITS).items().keySet())
                .containsExactly("-rf *", "..a", "C", "a:b", "line\nbreak", "self");
    }

    private static void read(InputStream archive) throws IOException {
        try (var unpacker = new TreeUnpacker(archive, HostileArchives.LIMITS, line -> {})) {
            drain(unpacker);
        }
    }

    private static void drain(TreeUnpacker unpacker) throws IOException {
        while (unpacker.next() != null) {
            unpacker.content().transferTo(OutputStream.nullOutputStream());
        }
    }
}
