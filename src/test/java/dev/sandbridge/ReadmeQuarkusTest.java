package dev.sandbridge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Does what the README tells a newcomer to do, in its order, in one shell. */
@QuarkusTest
class ReadmeQuarkusTest {
    private static final String MARK = "=== block ";

    @TestHTTPResource("/")
    URI service;

    @ConfigProperty(name = "sandbridge.data")
    String data;

    @TempDir
    Path home;

    @Test
    void everyShellBlockOfTheReadmeWorksAndPrintsWhatItShows() throws IOException, InterruptedException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/curl")), "needs curl");
        var blocks = Markdown.blocks(Path.of("README.md"));
        var script = new StringBuilder("set -euo pipefail\n");
        for (int i = 0; i < blocks.size(); i++) {
            script.append("echo; echo '").append(MARK).append(i).append("'\n");
            if (blocks.get(i).language().equals("sh") && !isLauncher(blocks.get(i))) {
                script.append(blocks.get(i).text());
            }
        }

        String output = run(script.toString().replace("http://127.0.0.1:8080", base()));

        for (int i = 0; i + 1 < blocks.size(); i++) {
            var shown = blocks.get(i + 1);
            if (blocks.get(i).language().equals("sh") && List.of("text", "json").contains(shown.language())) {
                String printed = output.split(Pattern.quote(MARK + i + "\n"))[1].split(Pattern.quote("\n" + MARK))[0];
                assertShows(shown, printed);
            }
        }
    }

    /** The launcher's own commands run for long, and are run by whoever runs this test. */
    private static boolean isLauncher(Markdown.Block block) {
        return block.text().startsWith("./sandbridge ") && block.text().lines().count() == 1;
    }

    /** Text is shown whole; of a JSON object, the members that matter to the reader. */
    private static void assertShows(Markdown.Block shown, String printed) throws IOException {
        if (shown.language().equals("text")) {
            assertThat(printed.strip()).as("%s", shown).isEqualTo(shown.text().strip());
        } else {
            var mapper = new ObjectMapper();
            var answer = mapper.readTree(printed);
            for (var member : mapper.readTree(shown.text()).properties()) {
                assertThat(answer.get(member.getKey()))
                        .as("%s in %s", member, printed)
                        .isEqualTo(member.getValue());
            }
        }
    }

    private String base() {
        return service.toString().replaceAll("/$", "");
    }

    private String run(String script) throws IOException, InterruptedException {
        Path share = Files.createDirectories(home.resolve(".local/share"));
        Files.createSymbolicLink(share.resolve("sandbridge"), Path.of(data).toAbsolutePath());
        File printed = home.resolve("printed").toFile();
        var builder = new ProcessBuilder("bash", "-c", script)
                .redirectErrorStream(true)
                .redirectOutput(printed);
        builder.environment().put("HOME", home.toString());
        var shell = builder.start();
        shell.getOutputStream().close();
        boolean ended = shell.waitFor(2, TimeUnit.MINUTES);
        shell.destroyForcibly();
        String output = Files.readString(printed.toPath(), UTF_8);
        assertThat(ended).as("the blocks end: %s", output).isTrue();
        assertThat(shell.exitValue()).as("%s", output).isZero();
        return output;
    }
}
