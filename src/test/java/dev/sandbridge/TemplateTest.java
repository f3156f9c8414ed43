package dev.sandbridge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map.Entry;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the cloud's own linters cannot know of {@code template.yaml}, whose functions are read as their arguments. */
class TemplateTest {
    private static final JsonNode TEMPLATE = read();

    @Test
    void everyFunctionOfTheDoorHasItsAlarms() {
        assertThat(functionsOfTheDoor()).hasSize(5).allSatisfy(function -> assertThat(alarmsOf(function.getKey()))
                .as(function.getKey())
                .contains("Errors", "Url5xxCount", "Throttles"));
    }

    private static Set<String> alarmsOf(String function) {
        return resources()
                .map(Entry::getValue)
                .filter(resource -> resource.path("Type").asText().equals("AWS::CloudWatch::Alarm"))
                .map(alarm -> alarm.path("Properties"))
                .filter(alarm -> alarm.path("Namespace").asText().equals("AWS/Lambda"))
                .filter(alarm -> alarm.path("Dimensions").size() == 1)
                .filter(alarm -> alarm.at("/Dimensions/0/Name").asText().equals("FunctionName"))
                .filter(alarm -> alarm.at("/Dimensions/0/Value").asText().equals(function))
                .map(alarm -> alarm.path("MetricName").asText())
                .collect(Collectors.toSet());
    }

    private static Stream<Entry<String, JsonNode>> functionsOfTheDoor() {
        return resources()
                .filter(resource -> resource.getValue().at("/Properties").has("FunctionUrlConfig"));
    }

    private static Stream<Entry<String, JsonNode>> resources() {
        return TEMPLATE.path("Resources").properties().stream();
    }

    private static JsonNode read() {
        try {
            return new ObjectMapper(new YAMLFactory())
                    .readTree(Path.of("template.yaml").toFile());
        } catch (IOException unreadable) {
            throw new IllegalStateException(unreadable);
        }
    }
}
