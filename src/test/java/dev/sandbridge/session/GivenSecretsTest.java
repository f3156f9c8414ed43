package dev.sandbridge.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Secrets that come with the configuration, the same in several processes. */
class GivenSecretsTest {
    private static final String ONE = "5a".repeat(32);
    private static final String TWO = "5b".repeat(32);
    private static final Caller ALICE = new Caller(new OwnerId("alice"), Role.USE, "k1", null);

    @Test
    void anIdOfOneProcessIsKnownToAnotherThatWasGivenTheSame() {
        var id = ids(List.of(ONE)).issue(ALICE.owner(), "default", "local");

        assertThat(ids(List.of("1:" + ONE)).verify(id.text(), ALICE)).isEqualTo(id);
        assertThat(ids(List.of("2:" + TWO, "1:" + ONE)).verify(id.text(), ALICE).name())
                .isEqualTo(id.name());
        assertThat(ids(List.of("1:" + TWO)).recognise(id.text(), ALICE)).isEmpty();
    }

    @Test
    void theNewestVersionSignsWhereverItStands() {
        assertThat(SecretKeys.given(List.of("2:" + TWO, "1:" + ONE)).versions()).containsExactly(2, 1);
        assertThat(SecretKeys.given(List.of("1:" + ONE, "2:" + TWO)).versions()).containsExactly(2, 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1:", "5a", "0:%s", "256:%s", "x:%s", "1:%s0", "1:%sg", "1:%s,1:%s", "%s,%s", "1 %s"})
    void whatIsNotASecretIsRefusedWithoutShowingIt(String form) {
        var entries = List.of(form.replace("%s", ONE).split(",", -1));

        assertThatThrownBy(() -> SecretKeys.given(entries))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining(ONE);
    }

    @Test
    void theyAreNotThisProcesssToChange() {
        var secrets = new Secrets(SecretKeys.given(List.of("2:" + TWO, "1:" + ONE)));

        assertThat(secrets.versions()).containsExactly(2, 1);
        assertThatThrownBy(secrets::rotate)
                .isInstanceOfSatisfying(SandboxException.class, refused -> assertThat(refused.code())
                        .isEqualTo(ErrorCode.CAPABILITY_UNAVAILABLE));
        assertThatThrownBy(() -> secrets.retire(1))
                .isInstanceOfSatisfying(SandboxException.class, refused -> assertThat(refused.action())
                        .contains("sandbridge.secrets"));
    }

    private static SandboxIds ids(List<String> secrets) {
        return new SandboxIds(SecretKeys.given(secrets), new SecureRandom());
    }
}
