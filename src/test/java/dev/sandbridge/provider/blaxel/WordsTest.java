package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WordsTest {
    private final Words words = new Words();

    @Test
    void whatHasNoWordsIsNotCollected() {
        String piece = "x".repeat(4096);

        assertThatThrownBy(() -> {
                    for (int i = 0; i < 17; i++) {
                        words.hear(piece);
                    }
                })
                .isInstanceOfSatisfying(SandboxException.class, failed -> assertThat(failed.code())
                        .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR));
    }

    @Test
    void manyWordsInOnePartTakeTimeByTheirNumberOnly() {
        words.hear(";".repeat(1 << 20));
        words.hear("exit 3;");

        assertThat(words.exit()).isEqualTo(ExitStatus.exited(3));
    }

    @Test
    void theLongestWordArrivesInSmallParts() {
        var bytes = new byte[16 << 10];
        String said = "pid 7;o " + bytes.length + " " + Base64.getMimeEncoder().encodeToString(bytes) + ";gone;exit 0;";

        said.chars().forEach(c -> words.hear(Character.toString(c)));

        assertThat(words.stdout()).isEqualTo(bytes);
        assertThat(words.exit()).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    void theSignsOfLifeOfALongSilenceAreNoWord() {
        for (int i = 0; i < 20_000; i++) {
            words.hear("[keepalive]\n");
        }
        words.hear("exit 0;");

        assertThat(words.exit()).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    void onlyTheFirstWordNamesTheProcess() {
        words.hearAgain("[... truncated ...]\npid 1 2;pid 3 4;");
        assertThat(words.started()).isNotDone();
        assertThat(Words.leader("[... truncated ...]\npid 1 2;pid 3 4;")).isEqualTo(Words.Leader.NONE);

        words.hearAgain("[keepalive]\npid 5 6;pid 7 8;");
        assertThat(words.started()).isCompletedWithValue(new Words.Leader(5, "6"));
        assertThat(Words.leader("pid 5 6;pid 7 8;")).isEqualTo(new Words.Leader(5, "6"));
    }
}
