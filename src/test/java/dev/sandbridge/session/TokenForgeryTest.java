package dev.sandbridge.session;

import static dev.sandbridge.session.SessionFixtures.ALICE;
import static dev.sandbridge.session.SessionFixtures.BOB;
import static dev.sandbridge.session.SessionFixtures.RANDOM;
import static dev.sandbridge.session.SessionFixtures.admin;
import static dev.sandbridge.session.SessionFixtures.caller;
import static dev.sandbridge.session.SessionFixtures.secret;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import java.util.HashSet;
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
        String forged = new SandboxIds(new SecretKeys(Map.of(1, secret(9))), RANDOM)
                .issue(ALICE, "default", "local")
                .text();

        SandboxException one = refusal(foreign, caller(ALICE));
        SandboxException other = refusal(forged, caller(ALICE));

        assertThat(one.code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND).isEqualTo(other.code());
        assertThat(one.text()).isEqualTo(other.text());
        assertThat(one.action()).isEqualTo(other.action());
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
            good.toUpperCase(java.util.Locale.ROOT),
            good + "=",
            "а" + good.substring(1),
            ""
        }) {
            SandboxException refusal = refusal(bad, caller(ALICE));
            assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            assertThat(refusal.text()).isEqualTo("Invalid sandbox ID format");
        }
    }

    @Test
    void onlyTheCanonicalTextOfAnIdIsThatId() {
        // 113 characters hold 565 bits, 5 more than 70 bytes: one character text has spare bits that must be zero.
        for (int length = 1; length <= 16; length++) {
            String text = ids.issue(ALICE, "p".repeat(length), "local").text();
            int spare = text.length() * 5 % 8;
            char last = text.charAt(text.length() - 1);
            if (spare > 0) {
                char other = ALPHABET.charAt(ALPHABET.indexOf(last) | 1);
                if (other != last) {
                    String alias = text.substring(0, text.length() - 1) + other;
                    assertThat(refusal(alias, caller(ALICE)).code()).isEqualTo(ErrorCode.INVALID_REQUEST);
                }
            }
        }
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
