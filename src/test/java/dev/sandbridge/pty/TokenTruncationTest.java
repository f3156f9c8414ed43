package dev.sandbridge.pty;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TokenTruncationTest {
    @Test
    @DisplayName("S160, 18.5: without a limit, or within it, text is unchanged and has no count")
    void textWithinTheLimitIsUnchanged() {
        assertThat(TokenTruncation.of("x".repeat(1000), null)).isEqualTo(new TokenTruncation("x".repeat(1000), null));
        assertThat(TokenTruncation.of("12345678", 2)).isEqualTo(new TokenTruncation("12345678", null));
        assertThat(TokenTruncation.of("", 0)).isEqualTo(new TokenTruncation("", null));
    }

    @Test
    @DisplayName("S160, 18.5: limit 0 and less give no text, but the count")
    void noRoomLeavesTheCount() {
        assertThat(TokenTruncation.of("12345", 0)).isEqualTo(new TokenTruncation("", 2));
        assertThat(TokenTruncation.of("12345", -7)).isEqualTo(new TokenTruncation("", 2));
    }

    @Test
    @DisplayName("18.5: number of lines, beginning, note, end; the left half gets the smaller part")
    void theMiddleIsCutOut() {
        String text = "a\n".repeat(150) + "b\n".repeat(150);
        var cut = TokenTruncation.of(text, 20);
        // 80 bytes: 25 for the number of lines, 26 for the longest note, so 14 on the left and 15 on the right.
        assertThat(cut.text())
                .isEqualTo(
                        "Total output lines: 300\n\n" + "a\n".repeat(7) + "…143 tokens truncated…\n" + "b\n".repeat(7));
        assertThat(cut.originalTokens()).isEqualTo(150);
        var odd = TokenTruncation.of("x".repeat(401), 20);
        assertThat(odd.text())
                .startsWith("Total output lines: 1\n\n" + "x".repeat(15) + "…")
                .endsWith("…" + "x".repeat(16));
        assertThat(odd.originalTokens()).isEqualTo(101);
    }

    @Test
    @DisplayName("18.5: where room is short, the number of lines goes first, then the note is cut itself")
    void whatIsAddedGoesFirst() {
        assertThat(TokenTruncation.of("x".repeat(400), 10).text())
                .isEqualTo("xxxxxxx" + "…97 tokens truncated…" + "xxxxxxx");
        assertThat(TokenTruncation.of("x".repeat(400), 3).text()).isEqualTo("…100 token");
    }

    @Test
    @DisplayName("18.5: the result stays within the budget and cuts no character, whatever the text")
    void theResultStaysWithinTheBudget() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        String[] characters = {"a", "\n", "\r\n", "ä", "€", "😀", "\u2028"};
        for (int i = 0; i < 3000; i++) {
            var text = new StringBuilder();
            for (int n = random.nextInt(300); n > 0; n--) {
                text.append(characters[random.nextInt(characters.length)]);
            }
            int limit = random.nextInt(80);
            var cut = TokenTruncation.of(text.toString(), limit);
            String why = "seed " + seed + " limit " + limit + ": " + text;
            int size = text.toString().getBytes(UTF_8).length;
            assertThat(cut.text().getBytes(UTF_8).length).as(why).isLessThanOrEqualTo(limit * 4);
            assertThat(cut.text()).as(why).doesNotContain("\uFFFD").doesNotContain("?");
            assertThat(cut.originalTokens()).as(why).isEqualTo(size <= limit * 4 ? null : (Integer) ((size + 3) / 4));
        }
    }
}
