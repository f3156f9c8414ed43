package dev.sandbridge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sandbridge.Markdown.Block;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Holds what the documents say against what there is. */
class DocsTest {
    private static final int README_LINES = 150;
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]*)(#[^)]*)?\\)");
    private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");
    private static final Pattern TABLE_ROW = Pattern.compile("(?m)^\\| (\\d) \\| `([a-z0-9.]+)` \\|");

    @Test
    void theReadmeIsShort() throws IOException {
        assertThat(Files.readAllLines(Path.of("README.md"))).hasSizeLessThanOrEqualTo(README_LINES);
    }

    @Test
    void everyJsonBlockIsJson() throws IOException {
        var mapper = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        var broken = new ArrayList<String>();
        for (Block block : blocks("json")) {
            try {
                mapper.readTree(block.text());
            } catch (JsonProcessingException e) {
                broken.add(block + ": " + e.getOriginalMessage());
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        var broken = new ArrayList<String>();
        for (Path file : Markdown.files()) {
            var links = LINK.matcher(Markdown.prose(file));
            while (links.find()) {
                Path target = links.group(1).isEmpty() ? file : Path.of(links.group(1));
                if (!Files.exists(target) || !hasHeading(target, links.group(2))) {
                    broken.add(file + " -> " + links.group());
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void everyPathAndTypeThatADocumentNamesExists() throws IOException {
        Set<String> types = ourTypes();
        var unknown = new TreeSet<String>();
        for (Path file : Markdown.files()) {
            var names = CODE.matcher(Markdown.prose(file));
            while (names.find()) {
                String name = names.group(1);
                if (name.matches("(\\./|src/|\\.ci/|\\.mvn/|bench/)[\\w./-]*") && !Files.exists(Path.of(name))) {
                    unknown.add(file + ": " + name);
                }
                if (name.matches("([A-Z][a-z0-9]+){2,}") && !types.contains(name)) {
                    unknown.add(file + ": " + name);
                }
            }
        }
        assertThat(unknown).as("named in a document, not in the code").isEmpty();
    }

    @Test
    void thePackageTableIsTheOneThatIsChecked() throws IOException {
        var documented = TABLE_ROW
                .matcher(Files.readString(Path.of("ARCHITECTURE.md")))
                .results()
                .map(row -> row.group(2) + " " + row.group(1));
        assertThat(documented).containsExactlyInAnyOrderElementsOf(ArchitectureTest.ranks());
    }

    @Test
    void thePackageTableNamesNoPackageThatIsNotThere() throws IOException {
        try (Stream<Path> all = Files.walk(Path.of("src/main/java/dev/sandbridge"))) {
            var there = all.filter(file -> file.endsWith("package-info.java"))
                    .map(file -> Path.of("src/main/java/dev/sandbridge")
                            .relativize(file.getParent())
                            .toString()
                            .replace('/', '.'))
                    .collect(Collectors.toSet());
            assertThat(ArchitectureTest.ranks().stream()
                            .map(line -> line.split(" ")[0])
                            .collect(Collectors.toSet()))
                    .isEqualTo(there);
        }
    }

    @Test
    void theLaunchersCommandsAreTheOnesTheDocumentsUse() throws IOException, InterruptedException {
        var help = new ProcessBuilder("./sandbridge", "help").start();
        String text = new String(help.getInputStream().readAllBytes(), UTF_8);
        assertThat(help.waitFor()).isZero();
        var used = new TreeSet<String>();
        for (Path file : Markdown.files()) {
            Pattern.compile("\\./sandbridge ([a-z]+)")
                    .matcher(Files.readString(file))
                    .results()
                    .forEach(use -> used.add(use.group(1)));
        }
        assertThat(used).contains("up", "test").allSatisfy(command -> assertThat(text)
                .containsPattern("(?m)^  " + command + " "));
    }

    private static List<Block> blocks(String language) throws IOException {
        var blocks = new ArrayList<Block>();
        for (Path file : Markdown.files()) {
            Markdown.blocks(file).stream()
                    .filter(block -> block.language().equals(language))
                    .forEach(blocks::add);
        }
        return blocks;
    }

    private static boolean hasHeading(Path file, @Nullable String anchor) throws IOException {
        if (anchor == null) {
            return true;
        }
        return Files.readAllLines(file).stream()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT))
                .map(heading -> "#" + heading.replaceAll("[^a-z0-9 -]", "").replace(' ', '-'))
                .anyMatch(anchor::equals);
    }

    private static Set<String> ourTypes() throws IOException {
        try (Stream<Path> all = Files.walk(Path.of("src"))) {
            return all.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java"))
                    .map(name -> name.replace(".java", ""))
                    .collect(Collectors.toSet());
        }
    }
}
