package dev.sandbridge.session;

import static dev.sandbridge.session.SessionFixtures.ALICE;
import static dev.sandbridge.session.SessionFixtures.BOB;
import static dev.sandbridge.session.SessionFixtures.RANDOM;
import static dev.sandbridge.session.SessionFixtures.secret;
import static dev.sandbridge.session.SessionFixtures.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
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
        refuses("", sealer, id);
        refuses("x".repeat(StateSealer.MAX_LENGTH + 1), sealer, id);
    }

    @Test
    void onlyTheTextThatWasAnsweredIsTheSeal() {
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        String sealed = sealer.seal(state, ALICE, id);
        for (int at = 0; at < sealed.length(); at++) {
            char changed = alphabet.charAt(alphabet.indexOf(sealed.charAt(at)) ^ 1);
            refuses(sealed.substring(0, at) + changed + sealed.substring(at + 1), sealer, id);
        }
        for (String padded : new String[] {"=", "==", "\n", " ", "A", "\0"}) {
            refuses(sealed + padded, sealer, id);
            refuses(padded + sealed, sealer, id);
        }
    }

    @Test
    void spareBitsOfTheLastCharacterMustBeZero() {
        for (int length = 0; length < 3; length++) {
            String sealed = sealer.seal(state(Map.of("A", "x".repeat(length))), ALICE, id);
            int spare = sealed.length() * 6 % 8;
            int last = sealed.charAt(sealed.length() - 1);
            for (int bits = 1; bits < 1 << spare; bits++) {
                String other = sealed.substring(0, sealed.length() - 1) + (char) (last + bits);
                if (Arrays.equals(
                        decodedOrNothing(other), Base64.getUrlDecoder().decode(sealed))) {
                    refuses(other, sealer, id);
                }
            }
        }
    }

    @Test
    void partsOfGenuineSealsDoNotMakeAnother() {
        byte[] one = Base64.getUrlDecoder().decode(sealer.seal(state, ALICE, id));
        byte[] other = Base64.getUrlDecoder().decode(sealer.seal(state, ALICE, id));
        for (int cut = 3; cut < one.length; cut++) {
            byte[] forged = one.clone();
            System.arraycopy(other, cut, forged, cut, other.length - cut);
            refuses(Base64.getUrlEncoder().withoutPadding().encodeToString(forged), sealer, id);
        }
    }

    @Test
    void theVersionOfASealCannotBeExchanged() {
        var both = new StateSealer(new SecretKeys(Map.of(1, secret(1), 2, secret(2))), RANDOM);
        byte[] sealed = Base64.getUrlDecoder().decode(both.seal(state, ALICE, id));
        for (int version = 0; version < 256; version++) {
            if (version != 2) {
                byte[] forged = sealed.clone();
                forged[1] = (byte) version;
                refuses(Base64.getUrlEncoder().withoutPadding().encodeToString(forged), both, id);
            }
        }
    }

    /** Does what the Javadoc of the format says, with nothing of the sealer's. */
    private static String sealedByHand(byte[] content, String boundTo) throws GeneralSecurityException {
        var nonce = new byte[12];
        var cipher = Cipher.getInstance("AES/GCM/NoPadding");
        var key = new SecretKeys(Map.of(1, secret(1))).ring().key(1, "state", "AES");
        cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, nonce));
        cipher.updateAAD(("\u0001\u0001" + boundTo).getBytes(StandardCharsets.UTF_8));
        byte[] sealed = cipher.doFinal(content);
        var bytes = ByteBuffer.allocate(14 + sealed.length).put((byte) 1).put((byte) 1);
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(bytes.put(nonce).put(sealed).array());
    }

    @Test
    void aStateOfANewerServiceIsRefusedAndOneOfThisIsRead() throws Exception {
        byte[] content = StateCodec.encode(state);
        String bound = "alice\0" + id.text();
        assertThat(sealer.open(sealedByHand(content, bound), ALICE, id)).isEqualTo(state);

        content[0]++;
        refuses(sealedByHand(content, bound), sealer, id);
        content[0]--;
        refuses(sealedByHand(Arrays.copyOf(content, content.length + 1), bound), sealer, id);
        refuses(sealedByHand(Arrays.copyOf(content, content.length - 1), bound), sealer, id);
        refuses(sealedByHand(new byte[0], bound), sealer, id);
        refuses(sealedByHand(content, "alice" + id.text()), sealer, id);
    }

    @Test
    void everyRefusalReadsTheSame() {
        String sealed = sealer.seal(state, ALICE, id);
        SandboxId another = ids.issue(ALICE, "default", "local");
        String retired = new StateSealer(new SecretKeys(Map.of(9, secret(9))), RANDOM).seal(state, ALICE, id);
        var answers = new HashSet<String>();
        answers.add(answer(() -> sealer.open(sealed, BOB, id)));
        answers.add(answer(() -> sealer.open(sealed, ALICE, another)));
        answers.add(answer(() -> sealer.open(retired, ALICE, id)));
        answers.add(answer(() -> sealer.open("AAAA", ALICE, id)));
        answers.add(answer(() -> sealer.open("!", ALICE, id)));
        answers.add(answer(() -> sealer.open("x".repeat(7000), ALICE, id)));

        assertThat(answers).hasSize(1);
    }

    private static String answer(ThrowingCallable call) {
        SandboxException refusal = catchThrowableOfType(SandboxException.class, call);
        assertThat(refusal.code()).isEqualTo(ErrorCode.STATE_INVALID);
        return refusal.text() + refusal.action() + refusal.doNot() + refusal.retry();
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
        for (var large : new SessionState[] {
            state(Map.of("BLOB", "x".repeat(7000))),
            state(Map.of("x".repeat(70_000), "")),
            state(Map.of("A", "ü".repeat(5000)))
        }) {
            assertThatThrownBy(() -> sealer.seal(large, ALICE, id))
                    .isInstanceOfSatisfying(SandboxException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
                        assertThat(e.text()).containsPattern("[1-9][0-9]* characters too long");
                        assertThat(e.action()).contains("per exec");
                    });
        }
    }

    @Test
    void whatIsJustShortEnoughToCarryIsSealedAndOpened() {
        int fits = 0;
        for (int length = 4200; length < 4600; length++) {
            var large = state(Map.of("BLOB", "x".repeat(length)));
            try {
                String sealed = sealer.seal(large, ALICE, id);
                assertThat(sealed.length()).isLessThanOrEqualTo(StateSealer.MAX_LENGTH);
                assertThat(sealer.open(sealed, ALICE, id)).isEqualTo(large);
                fits = sealed.length();
            } catch (SandboxException tooLong) {
                assertThat(tooLong.text()).containsPattern(" [12] characters too long");
                break;
            }
        }
        assertThat(fits).isEqualTo(StateSealer.MAX_LENGTH);
    }

    @Test
    void textThatWouldNotComeBackIsRefused() {
        for (String broken : new String[] {"\ud800", "a\udc00b", "\ude00\ud83d"}) {
            assertThatThrownBy(() -> sealer.seal(state(Map.of("A", broken)), ALICE, id))
                    .isInstanceOfSatisfying(
                            SandboxException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
        }
    }

    private static byte[] decodedOrNothing(String text) {
        try {
            return Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException notBase64) {
            return new byte[0];
        }
    }

    private static void refuses(String sealed, StateSealer sealer, SandboxId id) {
        assertThatThrownBy(() -> sealer.open(sealed, ALICE, id))
                .isInstanceOfSatisfying(
                        SandboxException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_INVALID));
    }
}
