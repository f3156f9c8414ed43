package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JsonFieldsTest {
    @Test
    void valuesAreReadAsTheyAre() {
        var fields = fields("""
                {"t":"x","n":5,"b":true,"l":["a"],"i":[1,2],"m":{"k":"v"},"o":{"t":"inner"},"null":null,
                 "d":1.5,"p":"PT2M","s":"2MiB","z":1024,"at":"2030-01-31T12:00:00Z"}""");
        assertThat(fields.text("t")).isEqualTo("x");
        assertThat(fields.number("n", 0, 9)).isEqualTo(5);
        assertThat(fields.flag("b")).isTrue();
        assertThat(fields.texts("l", "")).containsExactly("a");
        assertThat(fields.integers("i", 0, 9)).containsExactly(1, 2);
        assertThat(fields.textMap("m")).isEqualTo(Map.of("k", "v"));
        assertThat(fields.object("o", "t").text("t")).isEqualTo("inner");
        assertThat(fields.duration("d")).isEqualTo(Duration.ofMillis(1500));
        assertThat(fields.duration("p")).isEqualTo(Duration.ofMinutes(2));
        assertThat(fields.bytes("s")).isEqualTo(2L << 20);
        assertThat(fields.bytes("z")).isEqualTo(1024);
        assertThat(fields.instant("at")).isEqualTo(Instant.parse("2030-01-31T12:00:00Z"));
        for (String absent : List.of("null", "none")) {
            assertThat(fields.text(absent)).isNull();
            assertThat(fields.number(absent, 0, 1)).isNull();
            assertThat(fields.textMap(absent)).isEmpty();
            assertThat(fields.object(absent).text("t")).isNull();
        }
    }

    @Test
    void nothingIsConverted() {
        refused("{\"x\":5}", fields -> fields.text("x"));
        refused("{\"x\":\"5\"}", fields -> fields.number("x", 0, 9));
        refused("{\"x\":5.0}", fields -> fields.number("x", 0, 9));
        refused("{\"x\":10}", fields -> fields.number("x", 0, 9));
        refused("{\"x\":99999999999999999999}", fields -> fields.number("x", 0, Long.MAX_VALUE));
        refused("{\"x\":\"true\"}", fields -> fields.flag("x"));
        refused("{\"x\":\"a\"}", fields -> fields.texts("x", "texts"));
        refused("{\"x\":[1]}", fields -> fields.texts("x", "texts"));
        refused("{\"x\":[null]}", fields -> fields.texts("x", "texts"));
        refused("{\"x\":[1.5]}", fields -> fields.integers("x", 0, 9));
        refused("{\"x\":{\"k\":1}}", fields -> fields.textMap("x"));
        refused("{\"x\":{\"k\":null}}", fields -> fields.textMap("x"));
        refused("{\"x\":[]}", fields -> fields.object("x"));
        refused("{\"x\":{\"z\":1}}", fields -> fields.object("x", "y"));
        for (String bad : List.of("0", "-1", "\"1h\"", "true", "1e300", "1e999999999", "\"PT-1S\"", "\"PT0S\"")) {
            refused("{\"x\":" + bad + "}", fields -> fields.duration("x"));
        }
        for (String bad : List.of("-1", "1.5", "\"\"", "\"x\"", "\"1XB\"", "\"-1\"", "\"999999999999T\"")) {
            refused("{\"x\":" + bad + "}", fields -> fields.bytes("x"));
        }
        refused("{\"x\":\"31.1.2030\"}", fields -> fields.instant("x"));
    }

    @Test
    void halfASurrogatePairIsNoText() {
        refused("{\"x\":\"a\\ud800\"}", fields -> fields.text("x"));
        refused("{\"x\":\"\\udc80\"}", fields -> fields.text("x"));
        refused("{\"x\":[\"\\ud83d\"]}", fields -> fields.texts("x", "texts"));
        refused("{\"x\":{\"k\":\"\\ud83d\"}}", fields -> fields.textMap("x"));
        refused("{\"x\":{\"\\ud83d\":\"v\"}}", fields -> fields.textMap("x"));
        assertThat(fields("{\"x\":\"\\ud83d\\ude00\"}").text("x")).isEqualTo("\ud83d\ude00");
    }

    @Test
    void sizesAreReadAsPeopleWriteThem() {
        for (var each : Map.of(
                        "7",
                        7L,
                        "1K",
                        1024L,
                        "1kb",
                        1000L,
                        "3 MiB",
                        3L << 20,
                        "2G",
                        2L << 30,
                        "1TB",
                        1_000_000_000_000L)
                .entrySet()) {
            assertThat(ByteSize.parse(each.getKey())).as(each.getKey()).isEqualTo(each.getValue());
        }
    }

    private static void refused(String json, Function<JsonFields, @Nullable Object> read) {
        assertThatThrownBy(() -> read.apply(fields(json)))
                .as(json)
                .isInstanceOfSatisfying(SandboxException.class, refused -> {
                    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
                    assertThat(refused.text()).startsWith("x must be");
                });
    }

    private static JsonFields fields(String json) {
        try {
            return new JsonFields("", new ObjectMapper().readTree(json));
        } catch (IOException malformed) {
            throw new AssertionError(malformed);
        }
    }
}
