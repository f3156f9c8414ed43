package dev.sandbridge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.sandbridge.session.Timeouts;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map.Entry;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the cloud's own linters cannot know of {@code template.yaml}, whose functions are read as their arguments. */
class TemplateTest {
    private static final JsonNode TEMPLATE = read();

    @Test
    void everyFunctionOfTheDoorHasItsAlarms() {
        assertThat(functionsOfTheDoor()).hasSize(5).allSatisfy(function -> assertThat(alarmsOf(function.getKey()))
                .as(function.getKey())
                .contains("Errors", "Url5xxCount", "Throttles"));
    }

    /** Any of them may make a sandbox, or bring one back, and give up: nobody else knows of what it made then. */
    @Test
    void noFunctionOfTheDoorIsStoppedBeforeItsOwnLimitsAreOver() {
        Duration making = Timeouts.DEFAULT
                .fastOp()
                .multipliedBy(3)
                .plus(limit(TEMPLATE.at("/Globals/Function"), "SANDBRIDGE_CREATE_LIMIT"));

        assertThat(functionsOfTheDoor()).hasSize(5).allSatisfy(function -> {
            JsonNode properties = function.getValue().path("Properties");
            Duration command = limit(properties, "SANDBRIDGE_HTTP_EXEC_CAP");
            Duration undoing = Timeouts.DEFAULT.cleanup();
            assertThat(Duration.ofSeconds(properties.path("Timeout").asLong()))
                    .as(function.getKey())
                    .isGreaterThan(making.plus(command))
                    .isGreaterThan(making.plus(undoing));
        });
    }

    /** What callers are promised comes before CloudFront gives up. */
    @Test
    void noLimitOfTheDoorIsLongerThanTheBaseUrlWaits() {
        JsonNode origins = TEMPLATE.at("/Resources/BaseUrl/Properties/DistributionConfig/Origins");
        List<Integer> waits = origins.valueStream()
                .map(origin ->
                        origin.at("/CustomOriginConfig/OriginReadTimeout").asInt())
                .toList();

        assertThat(waits).hasSize(6);
        assertThat(limit(TEMPLATE.at("/Globals/Function"), "SANDBRIDGE_CREATE_LIMIT"))
                .isPositive()
                .isLessThan(Duration.ofSeconds(Collections.min(waits)));
        assertThat(limit(TEMPLATE.at("/Resources/ExecFunction/Properties"), "SANDBRIDGE_HTTP_EXEC_CAP"))
                .isPositive()
                .isLessThan(Duration.ofSeconds(Collections.min(waits)));
    }

    @ParameterizedTest
    @CsvSource({
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sandbridge:1.0, sandbridge",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/sandbridge@sha256:0a1b, team/sandbridge",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/sandbridge:1.0@sha256:0a1b, team/sandbridge",
        "registry.example.org:5000/team/sandbridge:1.0, -",
    })
    void theServiceMayPullItsOwnImageOnly(String image, String repository) {
        JsonNode statements = TEMPLATE.at("/Resources/ServiceStartRole/Properties/Policies/0/PolicyDocument/Statement");
        List<JsonNode> pulls = statements
                .valueStream()
                .filter(statement -> statement.path("Action").toString().contains("ecr:BatchGetImage"))
                .map(statement -> statement.path("Resource"))
                .toList();

        assertThat(pulls).hasSize(1);
        assertThat(pulls.getFirst().path(0).asText()).endsWith(":${AWS::AccountId}:repository/${Repository}");
        assertThat(text(pulls.getFirst().at("/1/Repository"), image)).isEqualTo(repository);
    }

    /** What {@code !Select} of {@code !Split}, as deep as it goes, makes of the service's image. */
    private static String text(JsonNode value, String image) {
        if (value.isTextual()) {
            return value.asText().replace("${ServiceImage}", image);
        }
        JsonNode split = value.path(1);
        return text(split.path(1), image)
                .split(Pattern.quote(split.path(0).asText()), -1)[value.path(0).asInt()];
    }

    /** A setting in seconds, zero where it is not there. */
    private static Duration limit(JsonNode function, String setting) {
        String text = function.at("/Environment/Variables/" + setting).asText();
        return Duration.parse("PT" + (text.isEmpty() ? "0s" : text));
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
