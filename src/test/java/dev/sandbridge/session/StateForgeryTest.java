package dev.sandbridge.session;

import static dev.sandbridge.session.SessionFixtures.ALICE;
import static dev.sandbridge.session.SessionFixtures.BOB;
import static dev.sandbridge.session.SessionFixtures.RANDOM;
import static dev.sandbridge.session.SessionFixtures.secret;
import static dev.sandbridge.session.SessionFixtures.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class StateForgeryTest {
    private final SecretKeys keys = new SecretKeys(Map.of(1, secret(1)));
    private final StateSealer sealer = new StateSealer(keys, RANDOM);
    private final SandboxIds ids = new SandboxIds(keys, RANDOM);
    private final SandboxId id = ids.issue(ALICE, "default", "local");
    private final SessionState state = state(Map.of("TOKEN", "s3cret-value", "LANG", "ü"));

    @Test
    void whatIsSealedComesBack() {
        assertThat(sealer.open(sealer.seal(state, ALICE, id), ALICE, id)).isEqualTo(state);
    }

    @Test
    void twoSealsOfOneStateShareNothing() {
        assertThat(sealer.seal(state, ALICE, id)).isNotEqualTo(sealer.seal(state, ALICE, id));
    }

    @Test
    void theHolderCannotReadIt() {
        byte[] sealed = Base64.getUrlDecoder().decode(sealer.seal(state, ALICE, id));

        assertThat(new String(sealed, StandardCharsets.ISO_8859_1))
                .doesNotContain("s3cret", "TOKEN", "default", "blue");
    }

    @Test
    void anyFlippedBitIsRefused() {
        byte[] sealed = Base64.getUrlDecoder().decode(sealer.seal(state, ALICE, id));
        for (int bit = 0; bit < sealed.length * 8; bit++) {
            byte[] forged = sealed.clone();
            forged[bit / 8] ^= (byte) (1 << bit % 8);
            refuses(Base64.getUrlEncoder().withoutPadding().encodeToString(forged), sealer, id);
        }
    }

    @Test
    void aCutOrLongerSealIsRefused() {
        byte[] sealed = Base64.getUrlDecoder().decode(sealer.seal(state, ALICE, id));
        for (int length = 0; length < sealed.length; length++) {
            refuses(Base64.getUrlEncoder().encodeToString(Arrays.copyOf(sealed, length)), sealer, id);
        }
        refuses(Base64.getUrlEncoder().encodeToString(Arrays.copyOf(sealed, sealed.length + 1)), sealer, id);
        refuses("not base64!", sealer, id);
        refuses("x".repeat(StateSealer.MAX_LENGTH + 1), sealer, id);
    }

    @Test
    void anotherOwnersOrSandboxesSealIsRefused() {
        String sealed = sealer.seal(state, ALICE, id);

        refuses(sealed, sealer, ids.issue(ALICE, "default", "local"));
        assertThatThrownBy(() -> sealer.open(sealed, BOB, id))
                .isInstanceOfSatisfying(
                        SandboxException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_INVALID));
    }

    @Test
    void anOldSealOpensUntilItsKeyIsRetired() {
        String sealed = sealer.seal(state, ALICE, id);
        var rotated = new StateSealer(new SecretKeys(Map.of(1, secret(1), 2, secret(2))), RANDOM);
        var retired = new StateSealer(new SecretKeys(Map.of(2, secret(2))), RANDOM);

        assertThat(rotated.open(sealed, ALICE, id)).isEqualTo(state);
        refuses(sealed, retired, id);
        refuses(rotated.seal(state, ALICE, id), sealer, id);
    }

    @Test
    void whatIsTooLargeToCarryIsRefusedWithWhatToDo() {
        var large = state(Map.of("BLOB", "x".repeat(7000)));

        assertThatThrownBy(() -> sealer.seal(large, ALICE, id)).isInstanceOfSatisfying(SandboxException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            assertThat(e.action()).contains("per exec");
        });
    }

    @Property(tries = 300)
    void anyStateSurvivesTheCodec(@ForAll @Size(max = 5) Map<String, String> environment) throws IOException {
        var clean = new java.util.HashMap<String, String>();
        environment.forEach((k, v) -> clean.put(utf8(k), utf8(v)));
        var any = state(clean);
        assertThat(StateCodec.decode(StateCodec.encode(any))).isEqualTo(any);
    }

    @Property(tries = 500)
    void noBytesMakeTheCodecFailOtherwiseThanTyped(@ForAll @Size(max = 300) byte[] bytes) {
        try {
            StateCodec.decode(bytes);
        } catch (IOException | RuntimeException refused) {
            assertThat(refused).isNotInstanceOf(OutOfMemoryError.class);
        }
    }

    private static String utf8(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }

    private static void refuses(String sealed, StateSealer sealer, SandboxId id) {
        assertThatThrownBy(() -> sealer.open(sealed, ALICE, id))
                .isInstanceOfSatisfying(
                        SandboxException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_INVALID));
    }
}
