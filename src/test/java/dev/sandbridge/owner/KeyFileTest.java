package dev.sandbridge.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What may happen to the file of keys: damage, other hands, other processes, a crash. */
class KeyFileTest {
    private static final OwnerId ALICE = new OwnerId("alice");

    @TempDir
    Path directory;

    private Path file;
    private FileApiKeys keys;

    @BeforeEach
    void open() {
        file = directory.resolve("keys");
        keys = reopened();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                "{}",
                "HEADING\ngarbage",
                "HEADING\nk1 alice USE - enabled 2026-01-01T00:00:00Z",
                "HEADING\nk1 alice USE - enabled 2026-01-01T00:00:00Z abcd",
                "HEADING\nk1 alice USE - enabled 2026-01-01T00:00:00Z HASH more",
                "HEADING\nk1 alice USE  - enabled 2026-01-01T00:00:00Z HASH",
                "HEADING\nk1 alice ROOT - enabled 2026-01-01T00:00:00Z HASH",
                "HEADING\nk1 al/ice USE - enabled 2026-01-01T00:00:00Z HASH",
                "HEADING\nk1 alice USE ../x enabled 2026-01-01T00:00:00Z HASH",
                "HEADING\nk1 alice USE - Disabled 2026-01-01T00:00:00Z HASH",
                "HEADING\nk1 alice USE - disable 2026-01-01T00:00:00Z HASH",
                "HEADING\nk1 alice USE - enabled yesterday HASH",
                "HEADING\nk1 alice USE - disabled 2026-01-01T00:00:00Z HASH\n"
                        + "k1 alice USE - enabled 2026-01-01T00:00:00Z HASH",
                "k1 alice USE - enabled 2026-01-01T00:00:00Z HASH"
            })
    void aDamagedFileLetsNobodyInIsNamedAndNeverReplaced(String damage) throws IOException {
        String secret = keys.create(ALICE, Role.ADMIN, null).secret();
        String heading = Files.readAllLines(file).getFirst();
        String hash = "0123456789abcdef".repeat(4);
        String damaged = damage.replace("HEADING", heading).replace("HASH", hash);
        Files.writeString(file, damaged);

        refusesToWork(() -> keys.authenticate(secret));
        refusesToWork(() -> keys.list());
        refusesToWork(() -> keys.create(ALICE, Role.ADMIN, null));
        refusesToWork(() -> keys.accept("operator", "long-enough-for-a-key", ALICE, Role.ADMIN));
        refusesToWork(() -> keys.delete("k1"));

        assertThat(Files.readString(file)).isEqualTo(damaged);
    }

    @Test
    void aKeyIsTakenFromALineAsTheHeadingSays() throws IOException {
        keys.create(ALICE, Role.USE, null);
        String heading = Files.readAllLines(file).getFirst();
        // printf a-key-made-elsewhere | sha256sum
        String hash = "89954ca563fe9dc7676b7c1c07d464218c09b3f7532f5f7465749294b0e97de6";
        Files.writeString(
                file,
                heading + "\n\n# written by hand\nhand bob ADMIN big enabled 2026-01-01T00:00:00Z " + hash + "\n");

        assertThat(keys.authenticate("a-key-made-elsewhere"))
                .contains(new Caller(new OwnerId("bob"), Role.ADMIN, "hand", "big"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rwx------"})
    void aFileThatOthersMayTouchLetsNobodyIn(String mode) throws IOException {
        String secret = keys.create(ALICE, Role.ADMIN, null).secret();
        assertThat(keys.authenticate(secret)).isPresent();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));

        refusesToWork(() -> reopened().authenticate(secret));
        refusesToWork(() -> keys.create(ALICE, Role.USE, null));
        assertThat(causes(() -> reopened().list())).contains(file.toString()).contains("chmod 600");
    }

    @Test
    void aLinkInItsPlaceIsNotFollowed() throws IOException {
        String secret = keys.create(ALICE, Role.ADMIN, null).secret();
        Path elsewhere = directory.resolve("elsewhere");
        Files.move(file, elsewhere);
        Files.createSymbolicLink(file, elsewhere);

        refusesToWork(() -> keys.authenticate(secret));
        refusesToWork(() -> keys.create(ALICE, Role.USE, null));

        Files.delete(elsewhere);
        refusesToWork(() -> keys.create(ALICE, Role.USE, null));
        assertThat(file).isSymbolicLink();
    }

    @Test
    void whatACrashLeftBesideTheFileIsNeitherReadNorKept() throws IOException {
        String secret = keys.create(ALICE, Role.ADMIN, null).secret();
        Path left = directory.resolve(".keys.new");
        Files.writeString(left, "half a li");
        Files.setPosixFilePermissions(left, PosixFilePermissions.fromString("rw-rw-rw-"));

        String more = reopened().create(ALICE, Role.USE, null).secret();

        assertThat(keys.authenticate(secret)).isPresent();
        assertThat(keys.authenticate(more)).isPresent();
        assertThat(left).doesNotExist();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void aChangeThatCannotBeWrittenLeavesTheKeysAsTheyWere() throws IOException {
        NewKey made = keys.create(ALICE, Role.USE, null);
        Files.createDirectories(directory.resolve(".keys.new/in the way"));

        refusesToWork(() -> keys.setDisabled(made.info().keyId(), true));

        assertThat(keys.authenticate(made.secret())).isPresent();
        assertThat(reopened().list()).containsExactly(made.info());
    }

    @Test
    void withoutAFileNobodyGetsIn() throws IOException {
        String secret = keys.create(ALICE, Role.ADMIN, null).secret();
        Files.delete(file);

        assertThat(keys.authenticate(secret)).isEmpty();
        assertThat(keys.list()).isEmpty();
    }

    @Test
    void aLineCannotBeSmuggledInByAName() {
        for (String profile : new String[] {"a b", "a\nk2 bob", "-", "", "x".repeat(17), "ä", "a\0", "../up"}) {
            assertThatThrownBy(() -> keys.create(ALICE, Role.USE, profile))
                    .as("profile %s", profile)
                    .isInstanceOfSatisfying(
                            SandboxException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
        }
        for (String owner : new String[] {"", "a b", "a\nb", "A", ".a", "-", "a\0b", "x".repeat(64), "а"}) {
            assertThatThrownBy(() -> new OwnerId(owner)).isInstanceOf(SandboxException.class);
        }
        assertThat(keys.list()).isEmpty();
    }

    @Test
    @Timeout(60)
    void anotherProcessLosesNoKeyAndNoneOfOurs() throws Exception {
        var ours = new ArrayList<String>();
        var theirs = new ArrayList<String>();
        Process other = KeyWriter.start(file, 25);
        try (var lines = other.inputReader()) {
            theirs.add(lines.readLine());
            for (int i = 0; i < 25; i++) {
                ours.add(keys.create(ALICE, Role.USE, null).secret());
            }
            lines.lines().forEach(theirs::add);
        } finally {
            other.destroyForcibly();
        }

        assertThat(other.waitFor()).isZero();
        assertThat(theirs).hasSize(25);
        assertThat(keys.list()).hasSize(50);
        assertThat(ours).allMatch(secret -> keys.authenticate(secret).isPresent());
        assertThat(theirs).allMatch(secret -> keys.authenticate(secret).isPresent());
    }

    @Test
    @Timeout(60)
    void aProcessKilledWhileItWritesLosesNoKeyThatItHandedOut() throws Exception {
        for (int round = 0; round < 3; round++) {
            Process other = KeyWriter.start(file, 10_000);
            List<String> handedOut = new ArrayList<>();
            try (var lines = other.inputReader()) {
                for (int i = 0; i < 10 + round; i++) {
                    handedOut.add(lines.readLine());
                }
                // Not Process.destroy, which would close the pipe before its last lines are read.
                other.toHandle().destroyForcibly();
                lines.lines().filter(line -> line.length() == 65).forEach(handedOut::add);
            } finally {
                other.destroyForcibly();
            }
            assertThat(other.waitFor(Duration.ofSeconds(30))).isTrue();

            assertThat(handedOut).allMatch(secret -> keys.authenticate(secret).isPresent());
            assertThat(keys.authenticate(keys.create(ALICE, Role.USE, null).secret()))
                    .isPresent();
        }
    }

    @Test
    void aKeyDisabledByHandIsRefusedAtOnce() throws IOException {
        String secret = keys.create(ALICE, Role.ADMIN, null).secret();
        assertThat(keys.authenticate(secret)).isPresent();

        String text = Files.readString(file);
        Files.writeString(file, text.replace(" enabled ", " disabled "));
        assertThat(keys.authenticate(secret)).isEmpty();

        Files.writeString(file, text);
        assertThat(keys.authenticate(secret)).isPresent();
    }

    @Test
    void aFileReplacedByOneOfTheSameSizeAndTimeIsSeen() throws IOException {
        NewKey one = keys.create(ALICE, Role.USE, null);
        NewKey two = keys.create(ALICE, Role.USE, null);
        keys.setDisabled(two.info().keyId(), true);
        var settled = reopened(Clock.offset(Clock.systemUTC(), Duration.ofHours(1)));
        assertThat(settled.authenticate(one.secret())).isPresent();
        FileTime instant = Files.getLastModifiedTime(file);
        long size = Files.size(file);

        keys.setDisabled(one.info().keyId(), true);
        keys.setDisabled(two.info().keyId(), false);
        Files.setLastModifiedTime(file, instant);

        assertThat(Files.size(file)).isEqualTo(size);
        for (FileApiKeys reader : List.of(keys, settled)) {
            assertThat(reader.authenticate(one.secret())).isEmpty();
            assertThat(reader.authenticate(two.secret())).isPresent();
        }
    }

    @Test
    void aFileOpenedToOthersLaterLetsNobodyInFromThenOn() throws IOException {
        String secret = keys.create(ALICE, Role.ADMIN, null).secret();
        var settled = reopened(Clock.offset(Clock.systemUTC(), Duration.ofHours(1)));
        assertThat(settled.authenticate(secret)).isPresent();

        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));

        refusesToWork(() -> settled.authenticate(secret));
    }

    private void refusesToWork(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(SandboxException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL);
            assertThat(e.text()).contains("\"keys\"").doesNotContain(directory.toString());
            assertThat(e.action()).contains("restart");
            assertThat(e).hasStackTraceContaining(directory.toString());
        });
    }

    private static String causes(ThrowingCallable call) {
        Throwable failure = catchThrowableOfType(SandboxException.class, call);
        var text = new StringBuilder();
        for (Throwable next = failure; next != null; next = next.getCause()) {
            text.append(next.getMessage()).append('\n');
        }
        return text.toString();
    }

    private FileApiKeys reopened() {
        return reopened(Clock.systemUTC());
    }

    private FileApiKeys reopened(Clock clock) {
        return new FileApiKeys(file, clock, new SecureRandom());
    }
}
