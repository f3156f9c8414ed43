package dev.sandbridge.provider.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LibcTest {
    private static final String METADATA =
            "/META-INF/native-image/dev.sandbridge/sandbridge/reachability-metadata.json";

    @Test
    void theNativeImageKnowsExactlyTheShapesThatAreCalled() throws IOException {
        JsonNode registered;
        try (var in = LibcTest.class.getResourceAsStream(METADATA)) {
            registered = new ObjectMapper().readTree(in).at("/foreign/downcalls");
        }

        var called = Arrays.stream(Libc.values()).map(LibcTest::shape).collect(Collectors.toSet());

        assertThat(StreamSupport.stream(registered.spliterator(), false).map(LibcTest::shape))
                .containsExactlyInAnyOrderElementsOf(called);
    }

    /** Quarkus initializes classes of the application at build time, where no C library may be looked at. */
    @Test
    void theClassesThatHoldHandlesAreInitializedAtRunTimeInANativeImage() throws IOException {
        var properties = new Properties();
        try (var in = LibcTest.class.getResourceAsStream("/application.properties")) {
            properties.load(in);
        }

        assertThat(properties
                        .getProperty("quarkus.native.additional-build-args")
                        .split(","))
                .contains("--initialize-at-run-time=" + Libc.class.getPackageName());
    }

    @ParameterizedTest
    @EnumSource
    void theCLibraryHasEachFunction(Libc function) {
        assertThat(function.handle()).isNotNull();
    }

    private static String shape(Libc call) {
        return word(call.result)
                + call.parameters.stream().map(LibcTest::word).toList()
                + (call.firstVariadic < 0 ? "" : " variadic " + call.firstVariadic);
    }

    private static String shape(JsonNode call) {
        assertThat(call.at("/options/captureCallState").asBoolean()).isTrue();
        var parameters = StreamSupport.stream(call.get("parameterTypes").spliterator(), false)
                .map(JsonNode::asText)
                .toList();
        var variadic = call.at("/options/firstVariadicArg");
        return call.get("returnType").asText()
                + parameters
                + (variadic.isMissingNode() ? "" : " variadic " + variadic.asInt());
    }

    private static String word(MemoryLayout layout) {
        return switch (layout) {
            case AddressLayout address -> "void*";
            case ValueLayout value -> "j" + value.carrier().getName();
            default -> throw new AssertionError(layout);
        };
    }
}
