package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.provider.blaxel.TerminalReplay.Join;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalReplayTest {
    private static final int KEPT = 100 << 10;

    private final TerminalReplay replay = new TerminalReplay();

    private static byte[] text(int length) {
        var text = new StringBuilder();
        var random = new Random(length);
        while (text.length() < length) {
            text.append(Long.toString(random.nextLong(), 36)).append("\r\n");
        }
        return text.substring(0, length).getBytes(UTF_8);
    }

    private static byte[] tail(byte[] all) {
        return Arrays.copyOfRange(all, Math.max(0, all.length - KEPT), all.length);
    }

    private void hearInPieces(byte[] all, int count) {
        for (int from = 0; from < count; from += 4096) {
            replay.hear(Arrays.copyOfRange(all, from, Math.min(count, from + 4096)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 40, 5000, 89_999, 90_000, 102_400, 150_000, 202_300, 1_000_000})
    void whatWasNotHeardComesAndNothingTwice(int heard) {
        byte[] all = text(heard + 100);
        hearInPieces(all, heard);

        var resumed = replay.resume(tail(all));

        assertThat(resumed.join()).isEqualTo(Join.CONTINUES);
        assertThat(new String(resumed.rest(), UTF_8)).isEqualTo(new String(all, heard, 100, UTF_8));
        assertThat(replay.resume(tail(all)).rest()).as("heard by now").isEmpty();
    }

    @Test
    void nothingNewIsNothing() {
        byte[] all = text(500_000);
        hearInPieces(all, all.length);

        var resumed = replay.resume(tail(all));

        assertThat(resumed.join()).isEqualTo(Join.CONTINUES);
        assertThat(resumed.rest()).isEmpty();
    }

    @Test
    void outputThatNobodyKeptIsAGap() {
        byte[] all = text(500_000);
        hearInPieces(all, 100_000);

        var resumed = replay.resume(tail(all));

        assertThat(resumed.join()).isEqualTo(Join.GAP);
        assertThat(resumed.rest()).isEqualTo(tail(all));
    }

    @Test
    void outputThatRepeatsItselfIsUncertain() {
        byte[] all = "y\r\n".repeat(200_000).getBytes(UTF_8);
        hearInPieces(all, 300_000);

        assertThat(replay.resume(tail(all)).join()).isEqualTo(Join.UNCERTAIN);
    }

    @Test
    void shortOutputThatRepeatsItselfIsCertainByItsLength() {
        byte[] all = "y\r\n".repeat(20_000).getBytes(UTF_8);
        hearInPieces(all, 30_000);

        var resumed = replay.resume(all);

        assertThat(resumed.join()).isEqualTo(Join.CONTINUES);
        assertThat(resumed.rest()).hasSize(30_000);
    }

    @Test
    void anotherShellIsForeign() {
        hearInPieces(text(70_000), 70_000);

        assertThat(replay.resume("# ".getBytes(UTF_8)).join()).isEqualTo(Join.FOREIGN);
        assertThat(replay.resume(text(80_000)).join()).isEqualTo(Join.FOREIGN);
    }

    /** Blaxel sends each byte of a character that it has split as U+FFFD, and the whole character in a replay. */
    @Test
    void charactersThatWereSplitAreFoundAgain() {
        byte[] all = "déjà vu 😀 ".repeat(12_000).getBytes(UTF_8);
        byte[] unlike = text(5_000);
        System.arraycopy(unlike, 0, all, all.length - 6_000, unlike.length);
        int cut = all.length - 500;
        for (int from = 0; from < cut; from += 4096) {
            replay.hear(shown(Arrays.copyOfRange(all, from, Math.min(cut, from + 4096))));
        }

        var resumed = replay.resume(shown(tail(all)));

        assertThat(resumed.join()).isEqualTo(Join.CONTINUES);
        byte[] rest = shown(Arrays.copyOfRange(all, cut, all.length));
        assertThat(new String(rest, UTF_8)).endsWith(new String(resumed.rest(), UTF_8));
        assertThat(resumed.rest().length).isGreaterThan(490);
    }

    private static byte[] shown(byte[] bytes) {
        return StandInTerminal.text(bytes).getBytes(UTF_8);
    }
}
