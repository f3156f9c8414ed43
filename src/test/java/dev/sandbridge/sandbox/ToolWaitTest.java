package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ToolWaitTest {
    @Test
    @DisplayName("S161, 18.2: a wait lies between 250 ms and 30 s, without input at least 5 s")
    void waitsAreBroughtWithinBounds() {
        assertThat(waiting(0).afterStart()).isEqualTo(Duration.ofMillis(250));
        assertThat(waiting(249).afterStart()).isEqualTo(Duration.ofMillis(250));
        assertThat(waiting(251).afterStart()).isEqualTo(Duration.ofMillis(251));
        assertThat(waiting(30_001).afterStart()).isEqualTo(Duration.ofSeconds(30));
        assertThat(waiting(Long.MAX_VALUE).afterStart()).isEqualTo(Duration.ofSeconds(30));
        assertThat(waiting(1).afterInput(true)).isEqualTo(Duration.ofMillis(250));
        assertThat(waiting(1).afterInput(false)).isEqualTo(Duration.ofSeconds(5));
        assertThat(waiting(6000).afterInput(false)).isEqualTo(Duration.ofSeconds(6));
        assertThat(waiting(99_999).afterInput(false)).isEqualTo(Duration.ofSeconds(30));
    }

    private static ToolWait waiting(long millis) {
        return new ToolWait(Duration.ofMillis(millis), null);
    }
}
