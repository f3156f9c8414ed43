package dev.sandbridge.pty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.process.ExitStatus;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SentinelInputStreamTest {
    private static final String SENTINEL = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

    /** Gives at most so many bytes at once, changing them as a number source says. */
    private static InputStream pieces(String text, Random random, int most) {
        return new ByteArrayInputStream(text.getBytes(ISO_8859_1)) {
            @Override
            public int read(byte[] bytes, int offset, int length) {
                return super.read(bytes, offset, Math.min(length, 1 + random.nextInt(most)));
            }
        };
    }

    private static String all(SentinelInputStream in, int room) throws IOException {
        var out = new ByteArrayOutputStream();
        var bytes = new byte[room];
        for (int n = in.read(bytes, 0, room); n >= 0; n = in.read(bytes, 0, room)) {
            assertThat(n).isPositive();
            out.write(bytes, 0, n);
        }
        return out.toString(ISO_8859_1);
    }

    @Test
    void theSentinelIsTakenOutWhereverReadsAreSplit() throws IOException {
        String shown = "output\r\n" + SENTINEL + "e42;$ prompt";
        for (int split = 1; split < shown.length(); split++) {
            for (int room : new int[] {1, 2, 31, 32, 33, 4096}) {
                var in = new SentinelInputStream(pieces(shown, new Random(split), split), SENTINEL);

                assertThat(all(in, room)).isEqualTo("output\r\n");
                assertThat(in.exit()).isCompletedWithValue(ExitStatus.exited(42));
            }
        }
    }

    @Test
    void whatOnlyLooksLikeItPassesUnchanged() throws IOException {
        long seed = new Random().nextLong();
        var random = new Random(seed);
        for (int round = 0; round < 3000; round++) {
            var shown = new StringBuilder();
            for (int part = random.nextInt(12); part > 0; part--) {
                switch (random.nextInt(4)) {
                    case 0 -> shown.append(SENTINEL, 0, random.nextInt(SENTINEL.length()));
                    case 1 -> shown.append(SENTINEL, 1 + random.nextInt(31), SENTINEL.length());
                    case 2 -> shown.append((char) random.nextInt(256));
                    default -> shown.append("\r\n");
                }
            }
            String output = shown.toString();
            while (output.contains(SENTINEL)) {
                output = output.replace(SENTINEL, "");
            }
            var in = new SentinelInputStream(pieces(output + SENTINEL + "e" + round % 256 + ";", random, 40), SENTINEL);

            assertThat(all(in, 1 + random.nextInt(64))).as("seed " + seed).isEqualTo(output);
            assertThat(in.exit().join().code()).isEqualTo(round % 256);
        }
    }

    @Test
    void aStreamThatBreaksOffIsNoSuccess() throws IOException {
        String shown = "output" + SENTINEL + "e0;";
        for (int length = 0; length < shown.length(); length++) {
            var in = new SentinelInputStream(pieces(shown.substring(0, length), new Random(length), 7), SENTINEL);

            assertThat(all(in, 10)).isEqualTo(shown.substring(0, length >= 38 ? 6 : length));
            assertThat(in.exit()).isCompletedExceptionally();
        }
        for (String tail : new String[] {"x0;", "e0x;", "ex;", "e99999999999;"}) {
            var in = new SentinelInputStream(pieces("output" + SENTINEL + tail, new Random(1), 7), SENTINEL);

            assertThat(all(in, 10)).isEqualTo("output");
            assertThat(in.exit()).isCompletedExceptionally();
        }
    }
}
