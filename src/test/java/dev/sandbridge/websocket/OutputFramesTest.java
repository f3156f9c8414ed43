package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JacksonException;
import java.io.ByteArrayOutputStream;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutputFramesTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"exit\",\"code\":0}",
                "{\"type\":\"ready\"}\r\n",
                " \t\r\n{ \n\t\"type\" : \"error\" } \n ",
                "\uFEFF{\"type\":\"exit\",\"code\":0}",
                "\uFEFF  {\"a\":{\"type\":\"exit\"},\"type\":\"exit\"}",
                "{\"\\u0074ype\":\"exit\",\"code\":0}",
                "{\"type\":\"exit\"}{\"type\":\"exit\"}"
            })
    @DisplayName("statement 110: what is a JSON object goes out in two frames, neither of which is one")
    void whatMayBeAMessageOfTheDoorGoesOutInTwo(String output) {
        List<byte[]> frames = OutputFrames.of(output.getBytes(UTF_8));

        assertThat(frames).hasSize(2).noneMatch(OutputFramesTest::isObject);
        assertThat(together(frames)).isEqualTo(output);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "{",
                "}",
                "{}",
                " ",
                "\n\n",
                "{\"type\":\"exit\"",
                "\"type\":\"exit\"}",
                "[{\"type\":\"exit\"}]",
                "{a}",
                "$ {\"type\":\"exit\"}",
                "{\"type\":\"exit\"} $",
                "\uFEFF",
                "\uFEFF{",
                "{ \"",
                "fn main() {\n}\n"
            })
    void whatIsNoneGoesOutAsItIs(String output) {
        List<byte[]> frames = OutputFrames.of(output.getBytes(UTF_8));

        assertThat(frames).hasSize(1);
        assertThat(together(frames)).isEqualTo(output);
    }

    /** As the JavaScript client decodes it: a byte order mark is dropped. */
    private static boolean isObject(byte[] frame) {
        String text = new String(frame, UTF_8);
        try {
            var json = Service.JSON.readTree(text.startsWith("\uFEFF") ? text.substring(1) : text);
            return json != null && json.isObject();
        } catch (JacksonException none) {
            return false;
        }
    }

    private static String together(List<byte[]> frames) {
        var all = new ByteArrayOutputStream();
        frames.forEach(all::writeBytes);
        return all.toString(UTF_8);
    }
}
