package dev.sandbridge.provider.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Network;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Run by {@link NoCagesTest} in a process that cannot make a cage. */
class NoCagesCase {
    @Test
    void nothingIsOfferedAndTheReasonIsTold(@TempDir Path data) {
        try (var provider = new LocalProvider(new LocalOptions(data, Map.of()))) {
            String reason = provider.report().unavailable();
            System.out.println("reason: " + reason);

            assertThat(reason).isNotBlank();
            assertThat(provider.report().guarantees()).isEmpty();
            var spec = LocalSandboxes.spec(LocalSandboxes.LIMITS, Network.NONE);
            assertThatThrownBy(() -> provider.create(spec)).isInstanceOfSatisfying(SandboxException.class, refused -> {
                assertThat(refused.code()).isEqualTo(ErrorCode.CAPABILITY_UNAVAILABLE);
                assertThat(refused.text()).isEqualTo(reason);
            });
        }
    }
}
