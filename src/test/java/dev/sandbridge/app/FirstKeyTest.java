package dev.sandbridge.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.ApiKeys;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.FileApiKeys;
import dev.sandbridge.owner.KeyInfo;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirstKeyTest {
    private static final String GIVEN = "the-operators-own-key";

    @TempDir
    Path directory;

    @Test
    void theFirstStartMakesAnAdminKeyInAPrivateFile() throws IOException {
        ApiKeys keys = start(null);

        assertThat(keys.authenticate(made()))
                .hasValueSatisfying(caller -> assertThat(caller.isAdmin()).isTrue());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(keyFile())))
                .isEqualTo("rw-------");
    }

    @Test
    void aLaterStartChangesNothing() throws IOException {
        start(null);
        String made = made();

        ApiKeys keys = start(null);

        assertThat(made()).isEqualTo(made);
        assertThat(keys.list()).hasSize(1);
        assertThat(keys.authenticate(made)).isPresent();
    }

    @Test
    void aStartThatWasCutOffAfterTheFileWasWrittenIsFinished() throws IOException {
        start(null);
        String made = made();
        Files.delete(directory.resolve("keys"));

        assertThat(start(null).authenticate(made)).isPresent();
    }

    @Test
    void theOperatorsKeyIsTheAdminsAsLongAsItIsGiven() throws IOException {
        assertThat(start(GIVEN).authenticate(GIVEN).map(Caller::role)).contains(Role.ADMIN);
        assertThat(start("another-key-of-the-operator").authenticate(GIVEN)).isEmpty();
        assertThat(keyFile()).doesNotExist();
    }

    @Test
    void whoLeavesTheOperatorsKeyOutIsNotLockedOutByOtherKeys() throws IOException {
        String users = start(GIVEN).create(new OwnerId("alice"), Role.USE, null).secret();

        ApiKeys keys = start(null);

        assertThat(keys.authenticate(GIVEN)).isEmpty();
        assertThat(keys.authenticate(users)).isPresent();
        assertThat(keys.authenticate(made()).map(Caller::role)).contains(Role.ADMIN);
    }

    @Test
    void aKeyThatWasRevokedDoesNotComeBackAndAnotherTakesItsPlace() throws IOException {
        start(null);
        String revoked = made();
        ApiKeys withBoth = start(GIVEN);
        withBoth.list().stream()
                .map(KeyInfo::keyId)
                .filter(id -> !id.equals("operator"))
                .forEach(id -> withBoth.setDisabled(id, true));

        ApiKeys keys = start(null);

        assertThat(made()).isNotEqualTo(revoked);
        assertThat(keys.authenticate(revoked)).isEmpty();
        assertThat(keys.authenticate(made()).map(Caller::role)).contains(Role.ADMIN);
    }

    @Test
    void aWeakOperatorsKeyEndsTheStartAndMakesNoOther() {
        assertThatThrownBy(() -> start("short")).isInstanceOf(SandboxException.class);
        assertThat(directory).isEmptyDirectory();
    }

    private ApiKeys start(@Nullable String given) throws IOException {
        var keys = new FileApiKeys(directory.resolve("keys"), Clock.systemUTC(), new SecureRandom());
        return FirstKey.ensure(keys, Optional.ofNullable(given), keyFile());
    }

    private Path keyFile() {
        return directory.resolve(FirstKey.FILE);
    }

    private String made() throws IOException {
        return Files.readString(keyFile()).strip();
    }
}
