package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TerminalMarkTest {
    private static byte[] numbers(int from, int to) {
        var text = new StringBuilder();
        for (int i = from; i < to; i++) {
            text.append(i).append(" é\r\n");
        }
        return text.toString().getBytes(UTF_8);
    }

    private static TerminalMark reread(TerminalMark mark) {
        return TerminalMark.parse(mark.text());
    }

    @Test
    void aPlaceIsFoundInAReplayThatBeginsAnywhere() {
        byte[] all = numbers(0, 5000);
        for (int total : new int[] {63, 4096, 20_000, 20_001, 20_002, 20_003, 20_004, 20_005, 20_006}) {
            TerminalMark mark = reread(TerminalMark.of(total, Arrays.copyOf(all, total)));
            assertThat(mark.start(all)).as("of %s", total).hasValue(0);
        }
        TerminalMark mark = reread(TerminalMark.of(20_000, Arrays.copyOf(all, 20_000)));
        assertThat(mark.start(Arrays.copyOfRange(all, 9000, 30_000))).hasValue(9000);
        assertThat(mark.start(Arrays.copyOfRange(all, 20_000, 30_000))).isEmpty();
    }

    @Test
    void aCharacterThatCameInPiecesIsFoundWhereItIsWhole() {
        String text = "word ".repeat(20) + "é and so on ";
        byte[] heard = text.replace("é", "\uFFFD\uFFFD").getBytes(UTF_8);

        TerminalMark mark = reread(TerminalMark.of(1000, heard));

        byte[] shown = ("before " + text + "after").getBytes(UTF_8);
        assertThat(mark.start(shown)).hasValue(1000 - "before ".length() - text.getBytes(UTF_8).length);
    }

    @Test
    void aPlaceThatMayBeAtSeveralIsNone() {
        byte[] same = "yes\n".repeat(5000).getBytes(UTF_8);
        assertThat(TerminalMark.of(30_000, Arrays.copyOf(same, 8000)).start(same))
                .isEmpty();
        assertThat(TerminalMark.NONE.start(same)).isEmpty();
        assertThat(TerminalMark.of(100, new byte[] {'$', ' '}).start("x$ ".getBytes(UTF_8)))
                .as("too little to go by")
                .isEmpty();
    }

    @Test
    void aNoticeOfOursIsNotLookedFor() {
        byte[] after = numbers(100, 140);
        var last = new java.io.ByteArrayOutputStream();
        last.writeBytes(numbers(0, 10));
        last.writeBytes(TerminalNotice.of("output is missing here"));
        last.writeBytes(after);

        TerminalMark mark = reread(TerminalMark.of(5000, last.toByteArray()));

        assertThat(mark.tail()).isEqualTo(after);
        assertThat(mark.start(after)).hasValue(5000 - after.length);
    }

    @Test
    void whatIsNoMarkIsNone() {
        for (String text : new String[] {"", "12", "12 6", "12 61", "x 61.", "-1 61.", "12 6g."}) {
            assertThat(TerminalMark.parse(text)).as(text).isEqualTo(TerminalMark.NONE);
        }
    }
}
