package dev.sandbridge.session;

import static dev.sandbridge.session.SessionFixtures.ALICE;
import static dev.sandbridge.session.SessionFixtures.RANDOM;
import static dev.sandbridge.session.SessionFixtures.caller;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {
    @TempDir
    Path directory;

    @Test
    void theFirstStartMakesASecretThatOnlyThisUserMayRead() throws IOException {
        SecretKeys keys = file().open();

        assertThat(keys.versions()).containsExactly(1);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("secrets"))))
                .isEqualTo("rw-------");
        assertThat(file().open().versions()).containsExactly(1);
    }

    @Test
    void aRotationTakesEffectAtOnceAndSurvivesARestart() throws IOException {
        SecretKeys keys = file().open();
        var ids = new SandboxIds(keys, RANDOM);
        String before = ids.issue(ALICE, "default", "local").text();

        assertThat(new Secrets(file(), keys).rotate()).isEqualTo(2);

        assertThat(ids.verify(before, caller(ALICE)).own()).isTrue();
        String after = ids.issue(ALICE, "default", "local").text();
        var restarted = new SandboxIds(file().open(), RANDOM);
        assertThat(restarted.verify(after, caller(ALICE)).own()).isTrue();
        assertThat(restarted.verify(before, caller(ALICE)).own()).isTrue();
    }

    @Test
    void aRetiredSecretMakesItsIdsWorthless() throws IOException {
        SecretKeys keys = file().open();
        var ids = new SandboxIds(keys, RANDOM);
        String before = ids.issue(ALICE, "default", "local").text();
        var secrets = new Secrets(file(), keys);
        secrets.rotate();

        secrets.retire(1);

        assertThat(secrets.versions()).containsExactly(2);
        assertCode(ErrorCode.SANDBOX_NOT_FOUND, () -> ids.verify(before, caller(ALICE)));
    }

    @Test
    void theSecretInUseCannotBeRetired() throws IOException {
        var secrets = new Secrets(file(), file().open());

        assertCode(ErrorCode.CONFLICT, () -> secrets.retire(1));
        assertCode(ErrorCode.KEY_NOT_FOUND, () -> secrets.retire(7));
    }

    @Test
    void aDamagedFileStopsTheServiceAndIsNeverReplaced() throws IOException {
        file().open();
        Path path = directory.resolve("secrets");
        for (String damaged : new String[] {"", "1 abc\n", "# nothing\n", "x".repeat(64)}) {
            Files.writeString(path, damaged);
            assertThatThrownBy(() -> file().open())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("restore it");
            assertThat(Files.readString(path)).isEqualTo(damaged);
        }
    }

    private SecretFile file() {
        return new SecretFile(directory.resolve("secrets"), RANDOM);
    }

    private static void assertCode(ErrorCode code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(SandboxException.class, e -> assertThat(e.code())
                .isEqualTo(code));
    }
}
