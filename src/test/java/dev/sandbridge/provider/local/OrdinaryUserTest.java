package dev.sandbridge.provider.local;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
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
            LocalPrivilegesTest.class,
            LocalLimitsTest.class,
            LocalNetworkTest.class,
            LocalLifeTest.class);

    /** What users and their ids make a difference to. */
    private static final List<Class<?>> SUITES_WITH_USERS = List.of(
            LocalProviderContractTest.class,
            LocalIsolationTest.class,
            LocalPrivilegesTest.class,
            LocalNetworkTest.class,
            LocalLifeTest.class);

    /** In a mount namespace of the run's own: the device that network nat needs, with everybody's right to it. */
    private static final String LIKE_MOST_SYSTEMS =
            "[ ! -c /dev/net/tun ] || { mount -t tmpfs none /dev/net" + " && mknod -m 666 /dev/net/tun c 10 200; } && ";

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
    private static Path directory;

    private static @Nullable Run plain;
    private static @Nullable Run withIds;

    /** Both run at the same time: much of what they do is waiting. */
    @BeforeAll
    static void start() throws Exception {
        assumeTrue((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0, "not root");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createDirectory(directory.resolve("lib"));
        String classPath = classPath();
        plain = Run.start("plain", "exec ", SUITES, classPath);
        if (Files.isExecutable(Path.of("/usr/bin/newuidmap"))) {
            Path etc = Files.createDirectory(directory.resolve("etc"));
            appended(etc, "passwd", "sandbridge-test:x:" + UID + ":" + UID + "::/nonexistent:/bin/sh\n");
            appended(etc, "group", "sandbridge-test:x:" + UID + ":\n");
            appended(etc, "subuid", "sandbridge-test:1700000000:65536\n");
            appended(etc, "subgid", "sandbridge-test:1700000000:65536\n");
            String overlay = "mount -t overlay -o lowerdir=" + etc + ":/etc none /etc && exec ";
            withIds = Run.start("ids", overlay, SUITES_WITH_USERS, classPath);
        }
    }

    @AfterAll
    static void end() throws Exception {
        for (Run run : Arrays.asList(plain, withIds)) {
            if (run != null) {
                run.process().destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void everythingHoldsForAUserWithoutSubordinateIds() throws Exception {
        var report = requireNonNull(plain).report(150);

        assertThat(report)
                .contains("ABORTED [engine:junit-jupiter]/[class:" + LocalIsolationTest.class.getName()
                        + "]/[method:usersOfTheSandboxAreItsOwn()]");
    }

    /** The user's line in the tables exists in a mount namespace of the run's own only. */
    @Test
    void everythingHoldsForAUserWithSubordinateIds() throws Exception {
        assumeTrue(withIds != null, "newuidmap is not installed");

        var report = requireNonNull(withIds).report(110);

        assertThat(report)
                .contains("SUCCESSFUL [engine:junit-jupiter]/[class:" + LocalIsolationTest.class.getName()
                        + "]/[method:usersOfTheSandboxAreItsOwn()]");
    }

    /** Suites that run in a process of the user. */
    private record Run(Process process, Path out) {
        /** @param prefix of a shell command that becomes the user's process, in a mount namespace of its own */
        static Run start(String name, String prefix, List<Class<?>> suites, String classPath) throws Exception {
            Path tmp = Files.createDirectory(directory.resolve(name));
            Files.setAttribute(tmp, "unix:uid", UID);
            Path out = directory.resolve(name + ".report");
            var process = new ProcessBuilder(
                            "unshare", "-m", "sh", "-c", LIKE_MOST_SYSTEMS + prefix + java(tmp, suites, classPath))
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
            return new Run(process, out);
        }

        /** Demands that none fails and not too many are skipped; all that was told. */
        String report(int atLeast) throws Exception {
            int status = process.waitFor();
            var report = Files.readString(out);

            assertThat(report).as("exit " + status).endsWith("done\n");
            assertThat(report.lines().filter(line -> line.startsWith("FAILED")))
                    .as(report)
                    .isEmpty();
            assertThat(report.lines().filter(line -> line.startsWith("SUCCESSFUL")))
                    .hasSizeGreaterThan(atLeast);
            assertThat(report.lines().filter(line -> line.startsWith("ABORTED")))
                    .hasSizeLessThan(15);
            return report;
        }
    }

    private static String java(Path tmp, List<Class<?>> suites, String classPath) {
        return Stream.of(
                        "setpriv",
                        "--reuid=" + UID,
                        "--regid=" + UID,
                        "--clear-groups",
                        "env",
                        "-i",
                        "-C",
                        tmp.toString(),
                        "PATH=" + System.getenv("PATH"),
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.io.tmpdir=" + tmp,
                        "-cp",
                        classPath,
                        OrdinaryUserRun.class.getName(),
                        suites.stream().map(Class::getName).collect(Collectors.joining(" ")))
                .collect(Collectors.joining(" "));
    }

    private static String classPath() throws Exception {
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
