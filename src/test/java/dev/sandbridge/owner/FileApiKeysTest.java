package dev.sandbridge.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileApiKeysTest {
    private static final OwnerId ALICE = new OwnerId("alice");
    private static final OwnerId ADMIN = new OwnerId("admin");

    @TempDir
    Path directory;

    private FileApiKeys keys;

    @BeforeEach
    void open() {
        keys = reopened();
    }

    @Test
    void aKeyProvesItsOwnerAlsoAfterARestart() {
        NewKey made = keys.create(ALICE, Role.USE, "fast");

        assertThat(reopened().authenticate(made.secret()))
                .contains(new Caller(ALICE, Role.USE, made.info().keyId(), "fast"));
    }

    @Test
    void anythingButTheExactKeyIsRefused() {
        String secret = keys.create(ALICE, Role.USE, null).secret();

        for (String wrong : new String[] {
            "", secret + " ", secret.substring(1), secret.toUpperCase(Locale.ROOT), "sbk_", "x".repeat(100_000)
        }) {
            assertThat(keys.authenticate(wrong)).isEmpty();
        }
    }

    @Test
    void theKeyItselfIsNowhereOnDisk() throws IOException {
        String secret = keys.create(ALICE, Role.USE, null).secret();

        try (var files = Files.walk(directory)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file)).doesNotContain(secret, secret.substring(14));
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .as(file.toString())
                        .endsWith("------");
            }
        }
        assertThat(keys.create(ALICE, Role.USE, null).toString()).doesNotContain("sbk_");
    }

    @Test
    void anOwnerMayHaveSeveralKeysAndOneDisabledLeavesTheOthers() {
        NewKey one = keys.create(ALICE, Role.USE, null);
        NewKey two = keys.create(ALICE, Role.USE, null);

        keys.setDisabled(one.info().keyId(), true);

        assertThat(keys.authenticate(one.secret())).isEmpty();
        assertThat(keys.authenticate(two.secret())).isPresent();
        keys.setDisabled(one.info().keyId(), false);
        assertThat(keys.authenticate(one.secret())).isPresent();
    }

    @Test
    void aKeyDisabledByAnotherProcessIsRefusedFromTheNextRequestOn() {
        NewKey made = keys.create(ALICE, Role.USE, null);
        assertThat(keys.authenticate(made.secret())).isPresent();

        reopened().setDisabled(made.info().keyId(), true);

        assertThat(keys.authenticate(made.secret())).isEmpty();
    }

    @Test
    void theLastEnabledAdminKeyCannotBeLost() {
        NewKey only = keys.create(ADMIN, Role.ADMIN, null);
        NewKey disabled = keys.create(ADMIN, Role.ADMIN, null);
        keys.setDisabled(disabled.info().keyId(), true);

        assertCode(ErrorCode.CONFLICT, () -> keys.delete(only.info().keyId()));
        assertCode(ErrorCode.CONFLICT, () -> keys.setDisabled(only.info().keyId(), true));
        assertThat(keys.authenticate(only.secret())).isPresent();
    }

    @Test
    void anUnknownKeyIdIsSaidSo() {
        keys.create(ADMIN, Role.ADMIN, null);

        assertCode(ErrorCode.KEY_NOT_FOUND, () -> keys.delete("nope"));
        assertCode(ErrorCode.KEY_NOT_FOUND, () -> keys.setDisabled("nope", true));
    }

    @Test
    void anOperatorsKeyReplacesTheOneBefore() {
        keys.accept("operator", "first-long-enough-key", ADMIN, Role.ADMIN);
        keys.accept("operator", "second-long-enough-key", ADMIN, Role.ADMIN);
        keys.accept("operator", "second-long-enough-key", ADMIN, Role.ADMIN);

        assertThat(keys.authenticate("first-long-enough-key")).isEmpty();
        assertThat(keys.authenticate("second-long-enough-key")).isPresent();
        assertThat(keys.list()).hasSize(1);
    }

    @Test
    void aShortOrBlankOperatorsKeyIsRefused() {
        for (String weak :
                new String[] {"", "short", "fifteen-charact", "with a blank in the middle", "tab\tin-the-middle"}) {
            assertCode(ErrorCode.INVALID_REQUEST, () -> keys.accept("operator", weak, ADMIN, Role.ADMIN));
        }
    }

    @Test
    void aFileThatOthersCanReadIsRefused() throws IOException {
        String secret = keys.create(ALICE, Role.USE, null).secret();
        Files.setPosixFilePermissions(directory.resolve("keys"), PosixFilePermissions.fromString("rw-r--r--"));

        assertThatThrownBy(() -> reopened().authenticate(secret)).hasStackTraceContaining("chmod 600");
    }

    @Test
    void aDamagedFileIsSaidSoAndNeverReplaced() throws IOException {
        keys.create(ALICE, Role.USE, null);
        Path file = directory.resolve("keys");
        Files.writeString(file, Files.readString(file) + "garbage\n");
        String damaged = Files.readString(file);

        assertThatThrownBy(() -> reopened().create(ALICE, Role.USE, null)).hasStackTraceContaining("line 3");
        assertThat(Files.readString(file)).isEqualTo(damaged);
    }

    @Test
    void changesFromManyThreadsAndTwoProcessesAreAllKept() throws Exception {
        var other = reopened();
        try (var pool = Executors.newFixedThreadPool(8)) {
            var all = new ArrayList<Future<NewKey>>();
            for (int i = 0; i < 20; i++) {
                all.add(pool.submit(() -> keys.create(ALICE, Role.USE, null)));
                all.add(pool.submit(() -> other.create(ALICE, Role.USE, null)));
            }
            for (var made : all) {
                assertThat(keys.authenticate(made.get().secret())).isPresent();
            }
        }
        assertThat(reopened().list()).hasSize(40);
    }

    private FileApiKeys reopened() {
        return new FileApiKeys(directory.resolve("keys"), Clock.systemUTC(), new SecureRandom());
    }

    private static void assertCode(ErrorCode code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(SandboxException.class, e -> assertThat(e.code())
                .isEqualTo(code));
    }
}
