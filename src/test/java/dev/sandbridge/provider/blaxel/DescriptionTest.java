package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The stand-in notices what the vendor's descriptions do not allow, in what is asked and in what it answers. */
class DescriptionTest {
    private static final JsonNode PROCESS = Json.read(SmallServer.utf8("""
            {"pid":"1","name":"n","command":"c","status":"completed","startedAt":"a","completedAt":"b","exitCode":0,
            "workingDir":"/","logs":null,"stdout":"x","stderr":""}"""));

    @Test
    void whatIsDescribedPasses() throws IOException {
        Exchange exchange = asked("POST", "/process", "{\"command\":\"true\",\"name\":\"n\",\"timeout\":3}");
        exchange.json();
        exchange.json(200, PROCESS);

        assertThat(Comparison.problems(Description.SANDBOX, exchange)).isEmpty();
        assertThat(Comparison.problemsOfProcess(PROCESS)).isEmpty();
    }

    @Test
    void aRequestThatIsNotDescribedIsNoticed() throws IOException {
        assertThat(problemsOf(asked("PATCH", "/process", "{}"))).anyMatch(text -> text.contains("PATCH"));
        assertThat(problemsOf(asked("POST", "/process", "{\"command\":\"x\",\"timeoutMs\":3}")))
                .anyMatch(text -> text.contains("timeoutMs"));
        assertThat(problemsOf(asked("POST", "/process", "{\"command\":\"x\",\"timeout\":\"3\"}")))
                .anyMatch(text -> text.contains("timeout"));
        assertThat(problemsOf(asked("POST", "/process", "{}"))).anyMatch(text -> text.contains("command"));
        assertThat(problemsOf(asked("GET", "/filesystem/%2Ftmp?recursiv=true", "")))
                .anyMatch(text -> text.contains("recursiv"));
        assertThat(problemsOf(asked("DELETE", "/filesystem/%2Ftmp?recursive=yes", "")))
                .anyMatch(text -> text.contains("recursive"));
        assertThat(problemsOf(asked("PUT", "/filesystem-multipart/x/part", "")))
                .anyMatch(text -> text.contains("partNumber"));
    }

    @Test
    void anAnswerThatIsNotDescribedIsNoticed() throws IOException {
        Exchange status = asked("GET", "/process/x", "");
        status.json(418, PROCESS);
        assertThat(problemsOf(status)).anyMatch(text -> text.contains("418"));

        Exchange field = asked("GET", "/process/x", "");
        field.json(200, PROCESS.deepCopy().isObject() ? Json.object().put("pid", 7) : PROCESS);
        assertThat(problemsOf(field))
                .anyMatch(text -> text.contains("pid"))
                .anyMatch(text -> text.contains("exitCode"));

        Exchange sandbox = asked("GET", "/v0/sandboxes/a", "");
        sandbox.json(200, Json.object().put("name", "a"));
        assertThat(Comparison.problems(Description.CONTROL_PLANE, sandbox)).hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void metadataIsClosedAlthoughItIsMadeOfParts() throws IOException {
        Exchange exchange = asked("POST", "/v0/sandboxes", "{\"metadata\":{\"name\":\"a\",\"label\":{}},\"spec\":{}}");
        exchange.json();

        assertThat(Comparison.problems(Description.CONTROL_PLANE, exchange))
                .singleElement()
                .asString()
                .contains("label");
    }

    @Test
    void everyKnownDeviationNamesItsSection() {
        assertThat(List.of(KnownDeviation.values()))
                .allSatisfy(deviation -> assertThat(deviation.section()).matches("[1-4].*"));
    }

    private static List<String> problemsOf(Exchange exchange) throws IOException {
        exchange.json();
        return Comparison.problems(Description.SANDBOX, exchange);
    }

    private static Exchange asked(String method, String target, String body) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        if (!body.isEmpty()) {
            headers.put("Content-Type", "application/json");
        }
        var content = new ByteArrayInputStream(SmallServer.utf8(body));
        return new Exchange(method, target, headers, content, content, OutputStream.nullOutputStream(), new Socket());
    }
}
