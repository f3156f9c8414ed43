package dev.sandbridge.app;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.app.SandbridgeConfig.Auth;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeylessTest {
    @ParameterizedTest
    @DisplayName("statement 5: without keys the service listens on a loopback address only")
    @ValueSource(strings = {"0.0.0.0", "::", "[::]", "192.0.2.1", "::ffff:10.0.0.1", "", " ", "no.such.invalid"})
    void whatOthersReachIsRefused(String host) {
        assertThatThrownBy(() -> Keyless.requireLoopback(Auth.NONE, host))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("quarkus.http.host=127.0.0.1");
        assertThatCode(() -> Keyless.requireLoopback(Auth.KEYS, host)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "localhost", "127.1.2.3", "::1", "[::1]"})
    void whatOnlyThisMachineReachesIsServed(String host) {
        assertThatCode(() -> Keyless.requireLoopback(Auth.NONE, host)).doesNotThrowAnyException();
    }
}
