package dev.sandbridge.session;

import static dev.sandbridge.session.SessionFixtures.ALICE;
import static dev.sandbridge.session.SessionFixtures.BOB;
import static dev.sandbridge.session.SessionFixtures.RANDOM;
import static dev.sandbridge.session.SessionFixtures.admin;
import static dev.sandbridge.session.SessionFixtures.caller;
import static dev.sandbridge.session.SessionFixtures.decoded;
import static dev.sandbridge.session.SessionFixtures.secret;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TokenForgeryTest {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    private final SecretKeys keys = new SecretKeys(Map.of(1, secret(1)));
    private final SandboxIds ids = new SandboxIds(keys, RANDOM);

    @Test
    @DisplayName("statement 19: an id matches ^[a-z2-7]{26,128}$")
    void anIdIsWrittenInTheContractsAlphabet() {
        String longest = ids.issue(ALICE, "sixteen-chars-16", "twelve-chars").text();

        assertThat(longest).matches("[a-z2-7]{26,128}");
    }

    @Test
    @DisplayName("statement 20: ids differ in at least 128 random bits")
    void noTwoIdsAreAlike() {
        var seen = new HashSet<String>();
        for (int i = 0; i < 2000; i++) {
            SandboxId id = ids.issue(ALICE, "default", "local");
            assertThat(seen.add(id.text())).isTrue();
            assertThat(seen.add(id.name().text())).isTrue();
        }
    }

    @Test
    void anIssuedIdIsAcceptedFromItsOwnerAndTellsWhereItBelongs() {
        SandboxId id = ids.issue(ALICE, "default", "local");

        assertThat(ids.verify(id.text(), caller(ALICE))).isEqualTo(id);
        assertThat(id.profile()).isEqualTo("default");
        assertThat(id.provider()).isEqualTo("local");
        assertThat(id.own()).isTrue();
    }

    @Test
    void anyChangedCharacterIsRefused() {
        String text = ids.issue(ALICE, "default", "local").text();
        for (int at = 0; at < text.length(); at++) {
            for (char c : ALPHABET.toCharArray()) {
                if (c != text.charAt(at)) {
                    var forged = new StringBuilder(text);
                    forged.setCharAt(at, c);
                    assertThat(refusal(forged.toString(), caller(ALICE)).code())
                            .isIn(ErrorCode.SANDBOX_NOT_FOUND, ErrorCode.INVALID_REQUEST);
                }
            }
        }
    }

    @Test
    void anyFlippedBitIsRefused() {
        byte[] bytes = decoded(ids.issue(ALICE, "default", "local").text());
        for (int bit = 0; bit < bytes.length * 8; bit++) {
            byte[] forged = bytes.clone();
            forged[bit / 8] ^= (byte) (1 << bit % 8);
            for (Caller anybody : new Caller[] {caller(ALICE), caller(BOB), admin()}) {
                assertThat(refusal(Base32.encode(forged), anybody).code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
            }
        }
    }

    @Test
    void partsOfGenuineIdsDoNotMakeAnother() {
        byte[] mine = decoded(ids.issue(ALICE, "default", "local").text());
        byte[] theirs = decoded(ids.issue(BOB, "default", "local").text());
        for (int from = 0; from < mine.length; from++) {
            for (int to = from + 1; to <= mine.length; to++) {
                byte[] forged = theirs.clone();
                System.arraycopy(mine, from, forged, from, to - from);
                if (!Arrays.equals(forged, mine) && !Arrays.equals(forged, theirs)) {
                    refusal(Base32.encode(forged), caller(ALICE));
                }
            }
        }
    }

    @Test
    void theVersionOfAnIdCannotBeExchanged() {
        var both = new SandboxIds(new SecretKeys(Map.of(1, secret(1), 2, secret(2))), RANDOM);
        byte[] bytes = decoded(both.issue(ALICE, "default", "local").text());
        for (int version = 0; version < 256; version++) {
            if (version != 2) {
                byte[] forged = bytes.clone();
                forged[0] = (byte) version;
                assertThat(refusal(both, Base32.encode(forged), caller(ALICE)).code())
                        .isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
            }
        }
    }

    @Test
    void aVersionThatIsNotThereIsRefusedHoweverItIsSigned() {
        KeyRing ring = keys.ring();
        byte[] forged = decoded(ids.issue(ALICE, "default", "local").text());
        forged[0] = 9;
        int signed = forged.length - 16;
        System.arraycopy(ring.mac(1, "id", Arrays.copyOf(forged, signed)), 0, forged, signed, 16);

        refusal(Base32.encode(forged), caller(ALICE));
    }

    @Test
    void anIdSignedWithTheKeyOfAnotherPurposeIsRefused() {
        var ring = new SecretKeys(Map.of(1, secret(1))).ring();
        byte[] bytes = decoded(ids.issue(ALICE, "default", "local").text());
        int signed = bytes.length - 16;
        for (String purpose : new String[] {"name", "owner", "alias", "state"}) {
            byte[] mac = ring.mac(1, purpose, Arrays.copyOf(bytes, signed));
            byte[] forged = Arrays.copyOf(bytes, bytes.length);
            System.arraycopy(mac, 0, forged, signed, 16);
            refusal(Base32.encode(forged), caller(ALICE));
        }
    }

    @Test
    void zeroesOnesAndNothingSignedAreRefused() {
        for (int length = 16; length <= 80; length++) {
            byte[] bytes = new byte[length];
            refusal(Base32.encode(bytes), admin());
            Arrays.fill(bytes, (byte) 0xFF);
            refusal(Base32.encode(bytes), admin());
            Arrays.fill(bytes, (byte) 1);
            refusal(Base32.encode(bytes), admin());
        }
    }

    @Test
    void lengthsAtTheBordersAreFormatErrorsOnlyBeyondThem() {
        assertThat(refusal("a".repeat(25), caller(ALICE)).code()).isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(refusal("a".repeat(26), caller(ALICE)).code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(refusal("a".repeat(128), caller(ALICE)).code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(refusal("a".repeat(129), caller(ALICE)).code()).isEqualTo(ErrorCode.INVALID_REQUEST);
    }

    @Test
    void aShortenedOrLengthenedIdIsRefused() {
        String text = ids.issue(ALICE, "default", "local").text();
        for (int length = 0; length < text.length(); length++) {
            refusal(text.substring(0, length), caller(ALICE));
        }
        for (String tail : new String[] {"a", "aa", "aaaaaaaa", "2"}) {
            refusal(text + tail, caller(ALICE));
        }
    }

    @Test
    @DisplayName("statement 7: another owner's id is answered like one that never was")
    void aForeignIdIsAnsweredLikeAForgedOne() {
        String foreign = ids.issue(BOB, "default", "local").text();
        String otherService = new SandboxIds(new SecretKeys(Map.of(1, secret(9))), RANDOM)
                .issue(ALICE, "default", "local")
                .text();
        String retired = new SandboxIds(new SecretKeys(Map.of(7, secret(7))), RANDOM)
                .issue(ALICE, "default", "local")
                .text();

        var answers = new HashSet<String>();
        for (String id : new String[] {foreign, otherService, retired, "a".repeat(88)}) {
            SandboxException refusal = refusal(id, caller(ALICE));
            assertThat(refusal.code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
            assertThat(refusal).hasNoCause();
            answers.add(refusal.text() + refusal.action() + refusal.doNot() + refusal.retry());
        }
        assertThat(answers).hasSize(1);
    }

    @Test
    void ownersWithSimilarNamesAreStrangers() {
        for (String name : new String[] {"alice1", "alic", "alice.", "alice-", "a-lice"}) {
            var stranger = new OwnerId(name);
            refusal(ids.issue(stranger, "default", "local").text(), caller(ALICE));
            refusal(ids.issue(ALICE, "default", "local").text(), caller(stranger));
        }
    }

    @Test
    void aNamedIdOfAnotherOwnerIsRefusedToo() {
        String theirs =
                ids.namedCandidates(BOB, "default", "local", "work").getFirst().text();

        assertThat(refusal(theirs, caller(ALICE)).code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
    }

    @Test
    void anAdminReachesForeignIdsButTheyAreNotItsOwn() {
        SandboxId id = ids.issue(BOB, "default", "local");

        SandboxId seen = ids.verify(id.text(), admin());

        assertThat(seen.own()).isFalse();
        assertThat(seen.name()).isEqualTo(id.name());
    }

    @Test
    @DisplayName("statement 10: what is not written like an id is refused as such")
    void theFormatIsCheckedFirst() {
        String good = ids.issue(ALICE, "default", "local").text();
        for (String bad : new String[] {
            "foo;rm",
            "a".repeat(129),
            "a".repeat(25),
            "a".repeat(10_000),
            good.toUpperCase(Locale.ROOT),
            good.replaceFirst("a", "A"),
            good + "=",
            good + "\n",
            " " + good,
            good + "\0",
            // Look-alikes: Cyrillic a, full-width a, dotless i, 1 for l, 0 for o, a combining accent.
            "\u0430" + good.substring(1),
            "\uff41" + good.substring(1),
            "\u0131" + good.substring(1),
            "1" + good.substring(1),
            "0" + good.substring(1),
            good + "\u0301",
            "%61" + good.substring(1),
            "../" + good,
            ""
        }) {
            SandboxException refusal = refusal(bad, caller(ALICE));
            assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            assertThat(refusal.text()).isEqualTo("Invalid sandbox ID format");
        }
    }

    @Test
    void onlyTheCanonicalTextOfAnIdIsThatId() {
        int spared = 0;
        for (int length = 1; length <= 16; length++) {
            String text = ids.issue(ALICE, "p".repeat(length), "local").text();
            int spare = text.length() * 5 % 8;
            int last = ALPHABET.indexOf(text.charAt(text.length() - 1));
            assertThat(last & (1 << spare) - 1).isZero();
            for (int bits = 1; bits < 1 << spare; bits++) {
                String other = text.substring(0, text.length() - 1) + ALPHABET.charAt(last | bits);
                assertThat(refusal(other, caller(ALICE)).code()).isEqualTo(ErrorCode.INVALID_REQUEST);
                spared++;
            }
            // A character that adds no whole byte says nothing, and must not be there either.
            if (spare + 5 < 8) {
                assertThat(refusal(text + "a", caller(ALICE)).code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            }
        }
        assertThat(spared).isGreaterThan(16);
    }

    @Test
    void aRotationKeepsOldIdsUntilTheirKeyIsRetired() {
        String old = ids.issue(ALICE, "default", "local").text();
        var both = new SandboxIds(new SecretKeys(Map.of(1, secret(1), 2, secret(2))), RANDOM);
        var newer = new SandboxIds(new SecretKeys(Map.of(2, secret(2))), RANDOM);

        assertThat(both.verify(old, caller(ALICE)).own()).isTrue();
        String fresh = both.issue(ALICE, "default", "local").text();
        assertThat(newer.verify(fresh, caller(ALICE)).own()).isTrue();
        assertThat(refusal(newer, old, caller(ALICE)).code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
    }

    @Test
    void aNameGivesTheSameIdAgainAndAnotherToEverybodyElse() {
        SandboxId id = ids.namedCandidates(ALICE, "default", "local", "work").getFirst();

        assertThat(ids.namedCandidates(ALICE, "default", "local", "work")).containsExactly(id);
        assertThat(ids.namedCandidates(BOB, "default", "local", "work")).doesNotContain(id);
        assertThat(ids.namedCandidates(ALICE, "other", "local", "work")).doesNotContain(id);
        assertThat(ids.namedCandidates(ALICE, "default", "local", "work2")).doesNotContain(id);
        assertThat(ids.verify(id.text(), caller(ALICE))).isEqualTo(id);
    }

    @Test
    void afterARotationANameIsStillFoundUnderTheOldKey() {
        SandboxId old = ids.namedCandidates(ALICE, "default", "local", "work").getFirst();
        var both = new SandboxIds(new SecretKeys(Map.of(1, secret(1), 2, secret(2))), RANDOM);

        assertThat(both.namedCandidates(ALICE, "default", "local", "work"))
                .hasSize(2)
                .last()
                .isEqualTo(old);
    }

    private SandboxException refusal(String text, Caller caller) {
        return refusal(ids, text, caller);
    }

    private static SandboxException refusal(SandboxIds ids, String text, Caller caller) {
        SandboxException refusal = catchThrowableOfType(SandboxException.class, () -> ids.verify(text, caller));
        assertThat(refusal).as("accepted: %s", text).isNotNull();
        return refusal;
    }
}
