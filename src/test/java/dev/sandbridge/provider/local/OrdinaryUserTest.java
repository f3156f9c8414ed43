package dev.sandbridge.provider.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The suites again in a process of an ordinary user, when this one is root: everything but what the table does not
 * promise there must hold just the same. An ordinary user who runs the tests has run them as such already.
 */
class OrdinaryUserTest {
    private static final int UID = 61_234;

    private static final List<Class<?>> SUITES = List.of(
            LocalProviderContractTest.class,
            LocalCommandTest.class,
            LocalFilesTest.class,
            LocalIsolationTest.class,
            LocalLimitsTest.class,
            LocalLifeTest.class);

    /** What users and their ids make a difference to. */
    private static final List<Class<?>> SUITES_WITH_USERS =
            List.of(LocalProviderContractTest.class, LocalIsolationTest.class, LocalLifeTest.class);

    /** One class of each part of the class path, all of which may lie where only root can read. */
    private static final List<String> PARTS = List.of(
            "dev.sandbridge.provider.local.LocalProvider",
            "dev.sandbridge.provider.local.OrdinaryUserTest",
            "org.jspecify.annotations.Nullable",
            "org.junit.jupiter.api.Test",
            "org.junit.jupiter.params.ParameterizedTest",
            "org.junit.jupiter.engine.JupiterTestEngine",
            "org.junit.platform.launcher.Launcher",
            "org.junit.platform.engine.TestEngine",
            "org.junit.platform.commons.JUnitException",
            "org.opentest4j.AssertionFailedError",
            "org.assertj.core.api.Assertions",
            "net.bytebuddy.ByteBuddy");

    @TempDir
    private Path directory;

    @BeforeEach
    void prepare() throws Exception {
        assumeTrue((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0, "not root");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createDirectory(directory.resolve("tmp"));
        Files.setAttribute(directory.resolve("tmp"), "unix:uid", UID);
        Files.createDirectory(directory.resolve("lib"));
    }

    @Test
    void everythingHoldsForAUserWithoutSubordinateIds() throws Exception {
        var report = run("exec " + java(SUITES), 150);

        assertThat(report)
                .contains("ABORTED [engine:junit-jupiter]/[class:" + LocalIsolationTest.class.getName()
                        + "]/[method:usersOfTheSandboxAreItsOwn()]");
    }

    /** The user's line in the tables exists in a mount namespace of the run's own only. */
    @Test
    void everythingHoldsForAUserWithSubordinateIds() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/newuidmap")), "newuidmap is not installed");
        Path etc = Files.createDirectory(directory.resolve("etc"));
        appended(etc, "passwd", "sandbridge-test:x:" + UID + ":" + UID + "::/nonexistent:/bin/sh\n");
        appended(etc, "group", "sandbridge-test:x:" + UID + ":\n");
        appended(etc, "subuid", "sandbridge-test:1700000000:65536\n");
        appended(etc, "subgid", "sandbridge-test:1700000000:65536\n");

        var report =
                run("mount -t overlay -o lowerdir=" + etc + ":/etc none /etc && exec " + java(SUITES_WITH_USERS), 110);

        assertThat(report)
                .contains("SUCCESSFUL [engine:junit-jupiter]/[class:" + LocalIsolationTest.class.getName()
                        + "]/[method:usersOfTheSandboxAreItsOwn()]");
    }

    /** Runs the suites and demands that none fails and not too many are skipped; all that was told. */
    private String run(String script, int atLeast) throws Exception {
        var out = directory.resolve("report");
        int status = run(List.of("unshare", "-m", "sh", "-c", script), out);
        var report = Files.readString(out);

        assertThat(report).as("exit " + status).endsWith("done\n");
        assertThat(report.lines().filter(line -> line.startsWith("FAILED")))
                .as(report)
                .isEmpty();
        assertThat(report.lines().filter(line -> line.startsWith("SUCCESSFUL"))).hasSizeGreaterThan(atLeast);
        assertThat(report.lines().filter(line -> line.startsWith("ABORTED"))).hasSizeLessThan(15);
        return report;
    }

    private static int run(List<String> command, Path output) throws Exception {
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            return process.waitFor();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private String java(List<Class<?>> suites) throws Exception {
        return Stream.of(
                        "setpriv",
                        "--reuid=" + UID,
                        "--regid=" + UID,
                        "--clear-groups",
                        "env",
                        "-i",
                        "-C",
                        directory.resolve("tmp").toString(),
                        "PATH=" + System.getenv("PATH"),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.io.tmpdir=" + directory.resolve("tmp"),
                        "-cp",
                        classPath(),
                        OrdinaryUserRun.class.getName(),
                        suites.stream().map(Class::getName).collect(Collectors.joining(" ")))
                .collect(Collectors.joining(" "));
    }

    private String classPath() throws Exception {
        var places = new LinkedHashSet<Path>();
        for (String part : PARTS) {
            places.add(place(Class.forName(part)));
        }
        var copies = new LinkedHashSet<String>();
        for (Path place : places) {
            Path copy = directory.resolve("lib").resolve(copies.size() + "-" + place.getFileName());
            copy(place, copy);
            copies.add(copy.toString());
        }
        return String.join(":", copies);
    }

    private static Path place(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }

    private static void copy(Path from, Path to) throws IOException {
        try (var files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** A file of this machine with one line more. */
    private static void appended(Path etc, String name, String line) throws IOException {
        Path original = Path.of("/etc", name);
        Files.writeString(etc.resolve(name), (Files.exists(original) ? Files.readString(original) : "") + line);
    }
}
