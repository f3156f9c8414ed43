package dev.sandbridge.provider.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Without the means to isolate there are no sandboxes: {@link NoCagesCase} where one of them is missing. */
@Timeout(120)
class NoCagesTest {
    /** In a namespace of the run's own; the program is one that this machine has. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--mount     | mount --bind /bin/false /usr/bin/bwrap | does not let the service make namespaces",
                "--mount     | mount --bind /dev/null /usr/bin/bwrap  | bubblewrap and perl are not installed",
                "--map-root-user | true | root of a container without enough user ids",
            })
    void nothingIsOffered(String namespace, String preparation, String reason, @TempDir Path directory)
            throws Exception {
        assumeTrue((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0, "not root");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/bwrap")), "bubblewrap is not installed");
        Path out = directory.resolve("out");
        var command = new ArrayList<>(List.of("unshare", namespace, "sh", "-c", preparation + " && exec \"$@\"", "sh"));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.io.tmpdir=" + directory,
                "-cp",
                System.getProperty("java.class.path"),
                OrdinaryUserRun.class.getName(),
                NoCagesCase.class.getName()));
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            process.waitFor();
        } finally {
            process.destroyForcibly().waitFor();
        }

        assertThat(Files.readString(out)).contains("SUCCESSFUL ", reason).doesNotContain("FAILED ");
    }
}
