package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class KeylessServiceTest {
    @Test
    @DisplayName("statement 5: without keys the service does not start where others than this machine reach it")
    void aServiceWithoutKeysThatOthersReachDoesNotStart(@TempDir Path directory) throws Exception {
        var place = BuiltService.Place.in(directory, false);

        assertThatThrownBy(() ->
                        BuiltService.start(place, Map.of("sandbridge.auth", "none", "quarkus.http.host", "0.0.0.0")))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("sandbridge.auth=none lets everybody in");
    }
}
