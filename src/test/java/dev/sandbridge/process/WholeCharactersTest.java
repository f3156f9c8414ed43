package dev.sandbridge.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.process.OutputSink.Channel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class WholeCharactersTest {
    private final List<byte[]> pieces = new ArrayList<>();
    private final WholeCharacters cut = new WholeCharacters((channel, bytes, offset, length) -> {
        var piece = new byte[length];
        System.arraycopy(bytes, offset, piece, 0, length);
        pieces.add(piece);
    });

    @Test
    void holdsBackTheBeginningOfACharacter() throws IOException {
        byte[] text = "aé€😀".getBytes(UTF_8);
        for (byte b : text) {
            cut.write(Channel.STDOUT, new byte[] {b}, 0, 1);
        }
        assertThat(pieces.stream().map(piece -> new String(piece, UTF_8))).containsExactly("a", "é", "€", "😀");
    }

    @Test
    void flushReleasesWhatNeverBecameACharacter() throws IOException {
        cut.write(Channel.STDERR, new byte[] {'x', (byte) 0xE2, (byte) 0x82}, 0, 3);
        cut.flush();
        assertThat(pieces).hasSize(2);
        assertThat(pieces.get(1)).containsExactly(0xE2, 0x82);
    }

    @Test
    void streamsAreHeldApart() throws IOException {
        cut.write(Channel.STDOUT, new byte[] {(byte) 0xC3}, 0, 1);
        cut.write(Channel.STDERR, new byte[] {'e'}, 0, 1);
        cut.write(Channel.STDOUT, new byte[] {(byte) 0xA9}, 0, 1);
        assertThat(pieces.get(0)).containsExactly('e');
        assertThat(new String(pieces.get(1), UTF_8)).isEqualTo("é");
    }

    @Property
    void changesNoByte(@ForAll byte[] bytes, @ForAll @IntRange(min = 1, max = 7) int size) throws IOException {
        var out = new ByteArrayOutputStream();
        var whole = new WholeCharacters((channel, b, offset, length) -> out.write(b, offset, length));
        for (int at = 0; at < bytes.length; at += size) {
            whole.write(Channel.STDOUT, bytes, at, Math.min(size, bytes.length - at));
        }
        whole.flush();
        assertThat(out.toByteArray()).isEqualTo(bytes);
    }
}
