package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.error.ErrorCode;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Holds the API's description, and what native builds need to know, against the resources' code. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(120)
class OpenApiQuarkusTest {
    private static final Door DOOR = Door.admin();
    private static final JsonNode API = DOOR.get("/v1/openapi.json").json();

    @Test
    void theDescriptionNamesExactlyTheRoutesThereAre() throws IOException {
        var described = new TreeSet<String>();
        API.get("paths").properties().forEach(path -> path.getValue()
                .properties()
                .forEach(operation -> described.add(operation.getKey().toUpperCase(Locale.ROOT) + " "
                        + path.getKey().replace("/file/{path}", "/file"))));
        var routes = new TreeSet<String>();
        for (Method method : operations()) {
            routes.add(verb(method) + " " + route(method));
        }
        assertThat(described).isEqualTo(routes);
        assertThat(routes).hasSizeGreaterThan(30);
    }

    @Test
    void everyReferenceLeadsSomewhereAndEverythingIsReferredTo() {
        var referred = new HashSet<String>();
        references(API, referred);
        for (String reference : referred) {
            assertThat(API.at(reference.substring(1)).isMissingNode())
                    .as(reference)
                    .isFalse();
        }
        for (String kind : List.of("schemas", "parameters", "responses")) {
            API.get("components").get(kind).fieldNames().forEachRemaining(name -> assertThat(referred)
                    .as(kind + " " + name)
                    .contains("#/components/" + kind + "/" + name));
        }
    }

    @Test
    void everyOperationHasAnIdErrorsAndAnExample() {
        var ids = new HashSet<String>();
        API.get("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(entry -> {
                    JsonNode operation = entry.getValue();
                    String name = entry.getKey() + " " + path.getKey();
                    assertThat(ids.add(operation.get("operationId").asText()))
                            .as(name)
                            .isTrue();
                    assertThat(operation.get("summary").asText()).as(name).isNotEmpty();
                    assertThat(operation.get("responses").has("401")
                                    || path.getKey().equals("/health"))
                            .as(name)
                            .isTrue();
                    operation.get("responses").get(operation.get("responses").has("200") ? "200" : "204");
                    JsonNode json = operation.at("/responses/200/content/application~1json");
                    if (!json.isMissingNode() && !path.getKey().endsWith("openapi.json")) {
                        assertThat(json.has("example")).as(name).isTrue();
                    }
                    for (String variable : path.getKey().split("(?=\\{)|(?<=})")) {
                        if (variable.startsWith("{")) {
                            assertThat(parameters(operation))
                                    .as(name)
                                    .contains(variable.substring(1, variable.length() - 1));
                        }
                    }
                }));
    }

    @Test
    @DisplayName("statement 119: the terminal's entry is as the contract's script checks it")
    void theTerminalIsDescribedAsTheContractsScriptChecks() {
        JsonNode pty = API.get("paths").get("/v1/sandbox/{id}/pty").get("get");

        assertThat(pty.get("operationId").asText()).isEqualTo("ptyTerminal");
        // The script follows no references: each parameter needs a name of its own here.
        assertThat(pty.get("parameters"))
                .extracting(parameter -> parameter.path("name").asText())
                .contains("id", "cols", "rows", "shell", "session")
                .doesNotContain("");
        assertThat(names(pty.get("responses"))).contains("101", "400", "502");
    }

    @Test
    void everyErrorCodeIsDescribed() {
        var described = new TreeSet<String>();
        API.at("/components/schemas/Error/properties/code/enum").forEach(code -> described.add(code.asText()));
        var codes = new TreeSet<String>();
        for (ErrorCode code : ErrorCode.values()) {
            codes.add(code.wireName());
        }
        assertThat(described).isEqualTo(codes);
    }

    @Test
    void answersHoldExactlyTheMembersThatAreDescribed() {
        String id = DOOR.create(Map.of("name", "described"));
        String sandbox = "/v1/sandbox/" + id;
        assertMembers("Sandbox", DOOR.post("/v1/sandbox", Map.of("name", "described")));
        assertMembers("Limits", DOOR.get(sandbox).json().get("limits"));
        assertMembers("Timeouts", DOOR.get(sandbox).json().get("timeouts"));
        assertMembers("SandboxPage", DOOR.get("/v1/sandbox"));
        assertMembers("Running", DOOR.get(sandbox + "/running"));
        var process = DOOR.post(sandbox + "/processes", Map.of("argv", List.of("true")));
        assertMembers("Process", process);
        assertMembers("ProcessList", DOOR.get(sandbox + "/processes"));
        assertMembers("PtyAnswer", DOOR.post(sandbox + "/pty", Map.of("command", "exec sleep 60", "yield_ms", 0)));
        var ptys = DOOR.get(sandbox + "/ptys");
        assertMembers("PtyList", ptys);
        assertThat(names(ptys.json().at("/ptys/0")))
                .isEqualTo(names(API.at("/components/schemas/PtyList/properties/ptys/items/properties")));
        assertMembers("Ticket", DOOR.post(sandbox + "/pty/ticket", Map.of()));
        String path = sandbox + "/processes/" + process.json().get("id").asText();
        assertMembers("Output", DOOR.get(path + "/output"));
        assertMembers("SessionOpened", DOOR.post(sandbox + "/session", "{\"id\":\"s\"}"));
        assertMembers("SessionClosed", DOOR.delete(sandbox + "/session/s"));
        assertMembers("PoolStats", DOOR.get("/v1/pool/stats"));
        assertMembers("Health", DOOR.get("/health"));
        assertMembers("Ok", DOOR.call("POST", "/v1/pool/prime", ""));
        assertMembers("Error", DOOR.get("/v1/none"));
        assertMembers("Key", DOOR.post("/v1/keys", Map.of("owner", "described")));
        var exec = DOOR.post(sandbox + "/exec", Map.of("argv", List.of("true")), "Accept", "application/json");
        assertThat(members("ExecResult")).containsAll(names(exec.json()));
        DOOR.write(id, "workspace/f", new byte[1]);
        var snapshot = DOOR.post(sandbox + "/snapshots", "");
        assertMembers("Snapshot", snapshot);
        assertMembers("SnapshotList", DOOR.get(sandbox + "/snapshots"));
        assertMembers(
                "Restored",
                DOOR.post(
                        sandbox + "/restore", Map.of("snapshot", snapshot.json().get("id"))));
        var archive = DOOR.call("POST", sandbox + "/persist", "");
        String report = archive.header("Sandbridge-Archive-Report");
        assertMembers("ArchiveReport", DOOR.get(sandbox + "/reports/" + report));
        String digest = archive.header("Sandbridge-Archive-Manifest");
        assertMembers("Hydrated", DOOR.call("POST", sandbox + "/hydrate?manifest=" + digest, archive.bytes()));
        assertThat(members("File"))
                .containsAll(names(DOOR.get(sandbox + "/files").json().get(0)));
        DOOR.delete(sandbox);
    }

    @Test
    void thePageLoadsNothingButTheDocument() {
        var page = DOOR.get("/v1/openapi");
        assertThat(page.header("Content-Security-Policy")).startsWith("default-src 'none'");
        assertThat(page.header("Referrer-Policy")).isEqualTo("no-referrer");
        assertThat(page.text()).doesNotContain("http://", "https://", "src=").contains("openapi.json");
    }

    @Test
    void nativeBuildsKnowEveryRecordThatIsWrittenAsJson() throws IOException {
        Set<Class<?>> written = new HashSet<>(Set.of(ErrorBody.class, FileAnswer.class, HealthResource.Answer.class));
        for (Method method : operations()) {
            collect(method.getGenericReturnType(), written);
        }
        List.copyOf(written).forEach(type -> collectComponents(type, written));
        var registered = Arrays.stream(JsonTypes.class
                        .getAnnotation(RegisterForReflection.class)
                        .targets())
                .filter(Class::isRecord)
                .toList();
        assertThat(registered).containsExactlyInAnyOrderElementsOf(written);
    }

    private static void collect(Type type, Set<Class<?>> into) {
        if (type instanceof ParameterizedType generic) {
            Arrays.stream(generic.getActualTypeArguments()).forEach(argument -> collect(argument, into));
        } else if (type instanceof Class<?> known && known.isRecord() && into.add(known)) {
            collectComponents(known, into);
        }
    }

    private static void collectComponents(Class<?> type, Set<Class<?>> into) {
        for (RecordComponent component : type.getRecordComponents()) {
            collect(component.getGenericType(), into);
        }
    }

    private static void assertMembers(String schema, Door.Answer answer) {
        assertThat(answer.text()).isNotEmpty();
        assertMembers(schema, answer.json());
    }

    private static void assertMembers(String schema, JsonNode object) {
        assertThat(names(object)).as(schema).isEqualTo(members(schema));
    }

    private static Set<String> members(String schema) {
        return names(API.at("/components/schemas/" + schema + "/properties"));
    }

    private static Set<String> names(JsonNode object) {
        var names = new TreeSet<String>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static List<String> parameters(JsonNode operation) {
        var names = new ArrayList<String>();
        operation
                .path("parameters")
                .forEach(parameter -> names.add((parameter.has("$ref")
                                ? API.at(parameter.get("$ref").asText().substring(1))
                                : parameter)
                        .get("name")
                        .asText()));
        return names;
    }

    private static void references(JsonNode node, Set<String> into) {
        if (node.has("$ref")) {
            into.add(node.get("$ref").asText());
        }
        node.forEach(child -> references(child, into));
    }

    private static List<Method> operations() throws IOException {
        var methods = new ArrayList<Method>();
        for (Class<?> type : resources()) {
            for (Method method : type.getMethods()) {
                if (!verb(method).isEmpty()) {
                    methods.add(method);
                }
            }
        }
        return methods;
    }

    private static List<Class<?>> resources() throws IOException {
        try (var files = Files.list(java.nio.file.Path.of(directory()))) {
            var types = new ArrayList<Class<?>>();
            for (String name : files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(".class"))
                    .toList()) {
                Class<?> type =
                        Class.forName("dev.sandbridge.http." + name.substring(0, name.length() - ".class".length()));
                if (type.isAnnotationPresent(Path.class)) {
                    types.add(type);
                }
            }
            return types;
        } catch (ClassNotFoundException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static URI directory() {
        try {
            return SandboxResource.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI()
                    .resolve("dev/sandbridge/http");
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String verb(Method method) {
        return Arrays.stream(method.getAnnotations())
                .map(annotation -> annotation.annotationType().getAnnotation(HttpMethod.class))
                .filter(verb -> verb != null)
                .map(HttpMethod::value)
                .findFirst()
                .orElse("");
    }

    private static String route(Method method) {
        String base = method.getDeclaringClass().getAnnotation(Path.class).value();
        Path own = method.getAnnotation(Path.class);
        return own == null ? base : base + "/" + own.value();
    }
}
