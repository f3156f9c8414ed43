package dev.sandbridge.session;

import static dev.sandbridge.session.SessionFixtures.ALICE;
import static dev.sandbridge.session.SessionFixtures.RANDOM;
import static dev.sandbridge.session.SessionFixtures.admin;
import static dev.sandbridge.session.SessionFixtures.caller;
import static dev.sandbridge.session.SessionFixtures.secret;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

/** Ids made of anything, and anything taken for an id. */
class SandboxIdPropertyTest {
    private final SandboxIds ids = new SandboxIds(new SecretKeys(Map.of(1, secret(1))), RANDOM);

    @Property(tries = 300)
    void anyProfileAndProviderComeBack(
            @ForAll @StringLength(min = 1, max = 16) @CharRange(from = 'a', to = 'z') String profile,
            @ForAll @StringLength(min = 1, max = 12) @CharRange(from = '0', to = '9') String provider) {
        SandboxId id = ids.issue(ALICE, profile, provider);

        assertThat(id.text()).matches("[a-z2-7]{26,128}");
        assertThat(ids.verify(id.text(), caller(ALICE))).isEqualTo(id);
        assertThat(id.profile()).isEqualTo(profile);
        assertThat(id.provider()).isEqualTo(provider);
    }

    @Property(tries = 500)
    void anyBytesHaveOneTextAndItGivesThemBack(@ForAll @Size(max = 90) byte[] bytes) {
        String text = Base32.encode(bytes);

        assertThat(text).matches("[a-z2-7]*");
        assertThat(Base32.decode(text)).isEqualTo(bytes);
    }

    @Property(tries = 500)
    void aTextThatIsReadIsWrittenTheSame(
            @ForAll @StringLength(max = 60) @CharRange(from = 'a', to = 'z') @CharRange(from = '2', to = '7')
                    String text) {
        byte[] bytes = Base32.decode(text);
        if (bytes != null) {
            assertThat(Base32.encode(bytes)).isEqualTo(text);
        }
    }

    @Property(tries = 1000)
    void anyTextIsRefusedInOneOfTheTwoWays(
            @ForAll @StringLength(max = 140) @Chars({'a', 'z', '2', '7'}) @Chars('1') String text) {
        for (Caller anybody : new Caller[] {caller(ALICE), admin()}) {
            assertThat(refusal(text, anybody)).isIn(ErrorCode.SANDBOX_NOT_FOUND, ErrorCode.INVALID_REQUEST);
        }
    }

    @Property(tries = 1000)
    void anyBytesInTheRightLettersAreNoSandbox(@ForAll @Size(min = 17, max = 80) byte[] bytes) {
        assertThat(refusal(Base32.encode(bytes), admin())).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
    }

    private ErrorCode refusal(String text, Caller anybody) {
        SandboxException refusal = catchThrowableOfType(SandboxException.class, () -> ids.verify(text, anybody));
        assertThat(refusal).as("accepted: %s", text).isNotNull();
        return refusal.code();
    }
}
