package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of what a client sends. */
class FrameReaderTest {
    /** Writes down what it is handed. */
    private static final class Log implements FrameReader.Taker {
        private final List<String> taken = new ArrayList<>();
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int largest;

        @Override
        public boolean hasRoom(int size) {
            return true;
        }

        @Override
        public void take(boolean text, byte[] piece, boolean last) {
            taken.add((text ? "text " : "binary ") + (last ? "last" : "more"));
            bytes.writeBytes(piece);
            largest = Math.max(largest, piece.length);
        }

        @Override
        public void broken(String why) {
            taken.add("broken");
        }

        private String text() {
            return bytes.toString(UTF_8);
        }
    }

    private final Wire wire = new Wire();
    private final Log log = new Log();

    @BeforeEach
    void install() {
        new FrameReader(log).install(wire.channel);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 125, 126, 65_535, 65_536, 5_000_000})
    void messagesOfAnyLengthComeInPieces(int length) {
        wire.bring(Wire.whole(Wire.BINARY, "abcdefg".repeat(length / 7 + 1).substring(0, length)));

        assertThat(log.text()).isEqualTo("abcdefg".repeat(length / 7 + 1).substring(0, length));
        assertThat(log.largest).isLessThanOrEqualTo(FrameReader.PIECE);
        assertThat(log.taken.getLast()).isEqualTo("binary last");
        assertThat(log.taken.subList(0, log.taken.size() - 1)).allMatch("binary more"::equals);
    }

    @Test
    void bytesMayComeOneByOneAndControlFramesBetweenFragments() {
        var all = new ByteArrayOutputStream();
        all.writeBytes(Wire.frame(Wire.TEXT, "one ".getBytes(UTF_8)));
        all.writeBytes(Wire.whole(Wire.PING, "there?"));
        all.writeBytes(Wire.frame(Wire.CONTINUATION, new byte[0]));
        all.writeBytes(Wire.whole(Wire.CONTINUATION, "two"));
        all.writeBytes(Wire.whole(Wire.BINARY, "x".repeat(300)));
        for (byte b : all.toByteArray()) {
            wire.bring(new byte[] {b});
        }

        assertThat(log.text()).isEqualTo("one two" + "x".repeat(300));
        assertThat(log.taken.subList(0, 7))
                .containsExactly(
                        "text more", "text more", "text more", "text more", "text more", "text more", "text last");
        assertThat(log.taken.getLast()).isEqualTo("binary last");
        assertThat(pongs()).containsExactly("there?");
    }

    @Test
    void pingsThatComeWhileTheirAnswersAreNotReadAreNotKept() {
        wire.bring(Wire.whole(Wire.PING, "first"));
        wire.taken(false);
        for (int i = 0; i < 100_000; i++) {
            wire.bring(Wire.whole(Wire.PING, "ping " + i));
        }
        wire.taken(true);
        wire.bring(Wire.whole(Wire.PING, "last"));

        assertThat(pongs()).containsExactly("first", "ping 99999", "last");
    }

    @Test
    void aCloseIsPassedOnAndNothingAfterItIsRead() {
        wire.bring(Wire.frame(0x88, new byte[] {3, (byte) 232}));
        wire.bring(Wire.whole(Wire.BINARY, "late"));

        CloseWebSocketFrame close = wire.channel.readInbound();
        assertThat(close.statusCode()).isEqualTo(1000);
        close.release();
        assertThat(log.taken).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "C2 80 00000000, an extension",
        "82 01 41, no mask",
        "80 80 00000000, a continuation of nothing",
        "02 80 00000000 82 80 00000000, a message within a message",
        "83 80 00000000, an unknown kind",
        "8B 80 00000000, an unknown control frame",
        "09 80 00000000, a part of a ping",
        "89 FE 007E 00000000, a long ping",
        "82 FF FFFFFFFFFFFFFFFF 00000000, an impossible length",
        "88 81 00000000 03, half a close code",
        "88 82 00000000 03 ED, a close code that is never sent"
    })
    void whatBreaksTheProtocolIsToldOnceAndNothingAfterItIsRead(String hex, String what) {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        wire.bring(bytes);
        wire.bring(bytes);
        wire.bring(Wire.whole(Wire.BINARY, "late"));

        assertThat(log.taken).as(what).containsExactly("broken");
        assertThat((Object) wire.channel.readInbound()).isNull();
    }

    @Test
    void buffersAreGivenBack() {
        ByteBuf whole = Unpooled.copiedBuffer(Wire.whole(Wire.BINARY, "x"));
        ByteBuf after = Unpooled.copiedBuffer(Wire.frame(0x83, new byte[9]));
        wire.channel.writeInbound(whole);
        wire.channel.writeInbound(after);

        assertThat(whole.refCnt()).isZero();
        assertThat(after.refCnt()).isZero();
    }

    private List<String> pongs() {
        var pongs = new ArrayList<String>();
        for (PongWebSocketFrame pong = wire.channel.readOutbound(); pong != null; pong = wire.channel.readOutbound()) {
            pongs.add(pong.content().toString(UTF_8));
            pong.release();
        }
        return pongs;
    }
}
