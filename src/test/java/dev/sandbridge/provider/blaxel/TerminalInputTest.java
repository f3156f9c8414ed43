package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TerminalInputTest {
    private final List<String> typed = new ArrayList<>();
    private final TerminalInput input = new TerminalInput(typed::add);

    @Test
    @DisplayName("vendor statement 112: long input is typed in pieces, and no character is split")
    void longInputIsTypedInPieces() throws IOException {
        String text = "x" + "😀".repeat(3000) + "ü".repeat(3000);

        input.write(text.getBytes(UTF_8));

        assertThat(typed).allSatisfy(piece -> assertThat(piece.getBytes(UTF_8)).hasSizeLessThan(4096));
        assertThat(String.join("", typed)).isEqualTo(text);
    }

    @Test
    void aCharacterMayComeInParts() throws IOException {
        for (byte b : "a😀ü\u0003".getBytes(UTF_8)) {
            input.write(b);
        }

        assertThat(typed).containsExactly("a", "😀", "ü", "\u0003");
    }

    @Test
    void bytesThatAreNoTextAreRefusedBeforeAnythingIsTyped() throws IOException {
        assertThatThrownBy(() -> input.write(new byte[] {'a', (byte) 0xFF, 'b'}))
                .isInstanceOf(IOException.class);
        assertThat(typed).isEmpty();

        input.write('c');

        assertThat(typed).containsExactly("c");
    }
}
