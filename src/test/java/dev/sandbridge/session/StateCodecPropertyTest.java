package dev.sandbridge.session;

import static dev.sandbridge.session.SessionFixtures.state;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class StateCodecPropertyTest {
    private final SessionState state = state(Map.of("TOKEN", "s3cret-value", "LANG", "ü"));

    @Property(tries = 300)
    void anyStateSurvivesTheCodec(@ForAll @Size(max = 5) Map<String, String> environment) throws IOException {
        var clean = new HashMap<String, String>();
        environment.forEach((k, v) -> clean.put(utf8(k), utf8(v)));
        var any = state(clean);
        assertThat(StateCodec.decode(StateCodec.encode(any))).isEqualTo(any);
    }

    @Property(tries = 1000)
    void noBytesMakeTheCodecFailOtherwiseThanTyped(@ForAll @Size(max = 300) byte[] bytes) {
        decodesOrRefuses(bytes);
    }

    @Property(tries = 1000)
    void aDamagedStateMakesTheCodecFailTyped(
            @ForAll @IntRange(max = 400) int at, @ForAll byte value, @ForAll @IntRange(max = 400) int cut)
            throws IOException {
        byte[] bytes = StateCodec.encode(state);
        bytes[at % bytes.length] = value;
        decodesOrRefuses(bytes);
        decodesOrRefuses(Arrays.copyOf(bytes, cut % bytes.length));
    }

    private static void decodesOrRefuses(byte[] bytes) {
        try {
            assertThat(StateCodec.decode(bytes)).isNotNull();
        } catch (IOException refused) {
            assertThat(refused).isNotNull();
        }
    }

    private static String utf8(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }
}
