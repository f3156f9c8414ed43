package dev.sandbridge.session;

import static dev.sandbridge.session.SessionFixtures.ALICE;
import static dev.sandbridge.session.SessionFixtures.RANDOM;
import static dev.sandbridge.session.SessionFixtures.caller;
import static dev.sandbridge.session.SessionFixtures.secret;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The secrets behind ids and seals: derived apart, rotated under load, kept in a file that may come to harm. */
class KeyRingTest {
    private static final String A = "0123456789abcdef".repeat(4);

    @TempDir
    Path directory;

    @Test
    void everyVersionAndPurposeHasAKeyOfItsOwn() {
        var ring = new KeyRing(Map.of(1, secret(1), 2, secret(2), 11, secret(11)));
        var seen = new HashSet<String>();
        for (int version : ring.versions()) {
            for (String purpose : new String[] {"id", "name", "owner", "alias", "state", "1id"}) {
                byte[] key = ring.key(version, purpose, "AES").getEncoded();
                assertThat(key).hasSize(32).isNotEqualTo(secret(version));
                assertThat(seen.add(HexFormat.of().formatHex(key))).isTrue();
            }
        }
    }

    @Test
    void keysAreDerivedByHkdfAsItsRfcSays() throws GeneralSecurityException {
        byte[] extracted = hmac(new byte[32], secret(1));
        byte[] expanded = hmac(extracted, "sandbridge id\u0001".getBytes(StandardCharsets.US_ASCII));

        assertThat(new KeyRing(Map.of(1, secret(1))).key(1, "id", "HmacSHA256").getEncoded())
                .isEqualTo(expanded);
    }

    @Test
    void secretsThatAreNoneAreRefused() {
        assertThatThrownBy(() -> new SecretKeys(Map.of())).isInstanceOf(IllegalArgumentException.class);
        for (int version : new int[] {0, -1, 256}) {
            assertThatThrownBy(() -> new SecretKeys(Map.of(version, secret(1))))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (int length : new int[] {0, 16, 31, 33}) {
            assertThatThrownBy(() -> new SecretKeys(Map.of(1, new byte[length])))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void changingTheArrayAfterwardsChangesNoSecret() {
        byte[] given = secret(1);
        var keys = new SecretKeys(Map.of(1, given));
        given[0] ^= 1;

        var same = new SandboxIds(new SecretKeys(Map.of(1, secret(1))), RANDOM);
        SandboxId id = new SandboxIds(keys, RANDOM).issue(ALICE, "default", "local");
        assertThat(same.verify(id.text(), caller(ALICE))).isEqualTo(id);
    }

    @Test
    @Timeout(60)
    void rotatingAndRetiringUnderLoadBreaksNoCall() throws Exception {
        SecretKeys keys = file().open();
        var secrets = new Secrets(file(), keys);
        var ids = new SandboxIds(keys, RANDOM);
        var sealer = new StateSealer(keys, RANDOM);
        var state = SessionFixtures.state(Map.of());
        var done = new AtomicBoolean();
        Callable<Integer> load = () -> {
            int calls = 0;
            do {
                SandboxId id = ids.issue(ALICE, "default", "local");
                ids.namedCandidates(ALICE, "default", "local", "name");
                String sealed = sealer.seal(state, ALICE, id);
                // A version may be retired between making and using, which is refused, and never fails otherwise.
                try {
                    ids.verify(id.text(), caller(ALICE));
                    sealer.open(sealed, ALICE, id);
                } catch (SandboxException retired) {
                    assertThat(retired.code()).isIn(ErrorCode.SANDBOX_NOT_FOUND, ErrorCode.STATE_INVALID);
                }
                calls++;
            } while (!done.get());
            return calls;
        };
        try (var pool = Executors.newFixedThreadPool(4)) {
            var callers = new ArrayList<Future<Integer>>();
            for (int i = 0; i < 4; i++) {
                callers.add(pool.submit(load));
            }
            try {
                for (int i = 0; i < 40; i++) {
                    secrets.retire(secrets.rotate() - 1);
                }
            } finally {
                done.set(true);
            }
            for (Future<Integer> caller : callers) {
                assertThat(caller.get()).isPositive();
            }
        }
        assertThat(secrets.versions()).containsExactly(41);
        assertThat(file().open().versions()).containsExactly(41);
    }

    @Test
    void aVersionIsNeverUsedForASecondSecret() throws IOException {
        var secrets = new Secrets(file(), file().open());
        secrets.rotate();
        secrets.retire(1);

        assertThat(secrets.rotate()).isEqualTo(3);
    }

    @Test
    void afterTheLastVersionARotationIsRefusedAndNothingIsLost() throws IOException {
        write("254 " + A + "\n");
        SecretKeys keys = file().open();
        var secrets = new Secrets(file(), keys);
        assertThat(secrets.rotate()).isEqualTo(255);
        String before = Files.readString(path());

        assertThatThrownBy(secrets::rotate).isInstanceOfSatisfying(SandboxException.class, e -> assertThat(e.code())
                .isEqualTo(ErrorCode.CONFLICT));

        assertThat(Files.readString(path())).isEqualTo(before);
        assertThat(file().open().versions()).containsExactly(255, 254);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0 SECRET",
                "256 SECRET",
                "999 SECRET",
                "01 SECRET",
                "-1 SECRET",
                "1 SECRET\n1 SECRET",
                "1 SECRETff",
                "1  SECRET",
                "1 SECRET ",
                "1 SECRET\n2 ab",
                "SECRET",
                "1\tSECRET"
            })
    void aDamagedFileStopsTheServiceAndIsNeverReplaced(String damage) throws IOException {
        SecretKeys keys = file().open();
        var secrets = new Secrets(file(), keys);
        secrets.rotate();
        String damaged = damage.replace("SECRET", A);
        write(damaged);

        assertThatThrownBy(() -> file().open())
                .isInstanceOf(IOException.class)
                .hasMessageContaining(path().toString())
                .hasMessageContaining("restore it");
        assertUnchanged(secrets::rotate);
        assertUnchanged(() -> secrets.retire(1));

        assertThat(Files.readString(path())).isEqualTo(damaged);
        assertThat(secrets.versions()).containsExactly(2, 1);
    }

    @Test
    void aFileThatOthersMayReadStopsTheService() throws IOException {
        file().open();
        Files.setPosixFilePermissions(path(), PosixFilePermissions.fromString("rw-r-----"));

        assertThatThrownBy(() -> file().open()).hasMessageContaining("chmod 600");
    }

    @Test
    void aLinkToAMissingFileIsNotTakenForAFirstStart() throws IOException {
        Files.createSymbolicLink(path(), directory.resolve("not mounted"));

        assertThatThrownBy(() -> file().open()).hasMessageContaining("not a regular file");

        assertThat(path()).isSymbolicLink();
    }

    @Test
    void whatACrashLeftBesideTheFileIsNeitherReadNorKept() throws IOException {
        file().open();
        String before = Files.readString(path());
        Path left = directory.resolve(".secrets.new");
        Files.writeString(left, "1 " + A + "\n");

        assertThat(file().open().versions()).containsExactly(1);
        assertThat(Files.readString(path())).isEqualTo(before);
        file().rotate();
        assertThat(left).doesNotExist();
        assertThat(Files.readString(path())).startsWith(before);
    }

    @Test
    @Timeout(60)
    void servicesThatStartForTheFirstTimeAtOnceAgreeOnOneSecret() throws Exception {
        var files = new ArrayList<Future<SecretKeys>>();
        try (var pool = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                files.add(pool.submit(() -> file().open()));
            }
        }
        SandboxId id = new SandboxIds(files.getFirst().get(), RANDOM).issue(ALICE, "default", "local");
        for (Future<SecretKeys> opened : files) {
            assertThat(new SandboxIds(opened.get(), RANDOM).verify(id.text(), caller(ALICE)))
                    .isEqualTo(id);
        }
    }

    private void assertUnchanged(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(SandboxException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL);
            assertThat(e.text()).doesNotContain(directory.toString());
        });
    }

    private static byte[] hmac(byte[] key, byte[] data) throws GeneralSecurityException {
        var mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(data);
    }

    private Path path() {
        return directory.resolve("secrets");
    }

    private void write(String contents) throws IOException {
        if (Files.notExists(path())) {
            Files.createFile(
                    path(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        Files.writeString(path(), contents);
    }

    private SecretFile file() {
        return new SecretFile(path(), RANDOM);
    }
}
