package dev.sandbridge;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What a native image has to be told beforehand, held against the sources. The shapes of C functions are compared in
 * {@link dev.sandbridge.provider.local}, JSON types with the description of the API.
 */
class NativeMetadataTest {
    private static final Path RESOURCES = Path.of("src/main/resources");
    private static final Path METADATA =
            RESOURCES.resolve("META-INF/native-image/dev.sandbridge/sandbridge/reachability-metadata.json");

    /** Read by the framework while it builds, and found by native-image by itself. */
    private static final Set<String> NOT_OURS = Set.of("application.properties");

    private static final Pattern REFLECTION =
            Pattern.compile("Class\\.forName|\\.getDeclared(Method|Field|Constructor)|\\.newProxyInstance|ServiceLoader"
                    + "|setAccessible|\\.find(Static|Virtual|Constructor)\\(|ObjectInputStream");

    @Test
    void everyResourceIsRegistered() throws IOException {
        var globs = globs();
        try (Stream<Path> all = Files.walk(RESOURCES)) {
            assertThat(all.filter(Files::isRegularFile)
                            .map(RESOURCES::relativize)
                            .filter(file -> !file.startsWith("META-INF") && !NOT_OURS.contains(file.toString()))
                            .filter(file -> globs.stream().noneMatch(glob -> matches(glob, file))))
                    .as("not in " + METADATA)
                    .isEmpty();
        }
    }

    @Test
    void everyRegisteredResourceIsThere() throws IOException {
        try (Stream<Path> all = Files.walk(RESOURCES)) {
            List<Path> files = all.map(RESOURCES::relativize).toList();
            assertThat(globs()).allSatisfy(glob -> assertThat(files).as(glob).anyMatch(file -> matches(glob, file)));
        }
    }

    @Test
    void onlyOneClassCallsFunctionsOfCAndNoneIsCalledBack() throws IOException {
        assertThat(sourcesWith(Pattern.compile("\\.downcallHandle\\("))).containsExactly("Libc.java");
        assertThat(sourcesWith(Pattern.compile("\\.upcallStub\\("))).isEmpty();
    }

    @Test
    void whatHoldsSuchFunctionsIsInitializedWhenTheImageRuns() throws IOException {
        String late = Files.readAllLines(RESOURCES.resolve("application.properties")).stream()
                .filter(line -> line.startsWith("quarkus.native.additional-build-args="))
                .findFirst()
                .orElseThrow()
                .replaceFirst(".*--initialize-at-run-time=", "");
        List<String> packages = List.of(late.split(","));
        for (Path file : sources()) {
            if (Pattern.compile("Libc\\.[A-Z_0-9]+\\.handle\\(\\)")
                    .matcher(Files.readString(file))
                    .find()) {
                String home = Path.of("src/main/java")
                        .relativize(file.getParent())
                        .toString()
                        .replace('/', '.');
                assertThat(packages).as(file.toString()).contains(home);
            }
        }
    }

    /** It keeps random numbers and clocks, which no image may hold, so nothing of it may be made for one. */
    @Test
    void amazonsSdkIsInitializedWhenTheImageRuns() throws IOException {
        assertThat(Files.readString(RESOURCES.resolve("application.properties")))
                .contains("--initialize-at-run-time=software.amazon.awssdk,");
        noFields()
                .that()
                .areStatic()
                .should()
                .haveRawType(resideInAPackage("software.amazon.awssdk.."))
                .check(new ClassFileImporter().importPackages("dev.sandbridge.snapshot.s3"));
    }

    @Test
    void nothingIsFoundByNameWhileItRuns() throws IOException {
        assertThat(sourcesWith(REFLECTION))
                .as("reflection, proxies and services need a line in " + METADATA)
                .isEmpty();
    }

    private static List<String> sourcesWith(Pattern pattern) throws IOException {
        var found = new ArrayList<String>();
        for (Path file : sources()) {
            if (pattern.matcher(Files.readString(file)).find()) {
                found.add(file.getFileName().toString());
            }
        }
        return found;
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> all = Files.walk(Path.of("src/main/java"))) {
            return all.filter(file -> file.toString().endsWith(".java")).toList();
        }
    }

    private static List<String> globs() throws IOException {
        var globs = new ArrayList<String>();
        JsonNode metadata = new ObjectMapper().readTree(METADATA.toFile());
        metadata.get("resources").forEach(entry -> globs.add(entry.get("glob").asText()));
        return globs;
    }

    private static boolean matches(String glob, Path file) {
        return FileSystems.getDefault().getPathMatcher("glob:" + glob).matches(file);
    }
}
