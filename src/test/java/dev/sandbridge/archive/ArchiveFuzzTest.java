package dev.sandbridge.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A short run of {@link ArchiveFuzz}: with damaged archives of our own, and guided by coverage. CONTRIBUTING.md says
 * how to run it for long.
 */
class ArchiveFuzzTest {
    private static final int DAMAGED = 3_000;

    /** Jazzer instruments class files up to this release; what is fuzzed is compiled for it once more. */
    private static final String RELEASE = "21";

    @Test
    void damagedArchivesAreRefusedOrTaken() throws IOException {
        long seed = new Random().nextLong(1L << 40);
        var random = new Random(seed);
        List<byte[]> seeds = seeds();
        for (int i = 0; i < DAMAGED; i++) {
            byte[] input = seeds.get(random.nextInt(seeds.size())).clone();
            for (int damage = random.nextInt(6); damage > 0; damage--) {
                input[random.nextInt(input.length)] = (byte) random.nextInt(256);
            }
            input[0] = (byte) random.nextInt(2);
            int number = i;
            try {
                ArchiveFuzz.fuzzerTestOneInput(input);
            } catch (Throwable found) {
                throw new AssertionError("seed " + seed + ", input " + number, found);
            }
        }
    }

    @Test
    void coverageGuidedFuzzingFindsNothing(@TempDir Path scratch) throws Exception {
        Path corpus = Files.createDirectories(scratch.resolve("corpus"));
        int number = 0;
        for (byte[] seed : seeds()) {
            Files.write(corpus.resolve("seed-" + number++), seed);
        }
        long seconds = Long.getLong("fuzz.seconds", 10);
        var log = scratch.resolve("log").toFile();
        var fuzzer = new ProcessBuilder(command(compile(scratch.resolve("classes")), corpus, seconds))
                .directory(scratch.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        try {
            assertThat(fuzzer.waitFor(seconds + 120, TimeUnit.SECONDS))
                    .as("it ends")
                    .isTrue();
        } finally {
            fuzzer.destroyForcibly();
        }
        assertThat(fuzzer.exitValue())
                .as("%s", log)
                .withFailMessage(() -> text(log))
                .isZero();
        assertThat(text(log)).containsPattern("DONE +cov: [1-9][0-9]{2}");
    }

    private static List<String> command(Path classes, Path corpus, long seconds) {
        String classPath = Stream.concat(Stream.of(classes.toString()), classPath("jazzer", "jspecify").stream())
                .collect(Collectors.joining(File.pathSeparator));
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath,
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + ArchiveFuzz.class.getName(),
                "--instrumentation_includes=dev.sandbridge.archive.**:dev.sandbridge.workspace.**",
                "--custom_hook_includes=none.**",
                "-max_total_time=" + seconds,
                "-max_len=20000",
                "-timeout=20",
                corpus.toString());
    }

    private static Path compile(Path classes) throws IOException {
        var sources = new ArrayList<String>();
        for (String name : List.of("error", "workspace", "archive")) {
            try (Stream<Path> files = Files.list(Path.of("src/main/java/dev/sandbridge", name))) {
                files.map(Path::toString).forEach(sources::add);
            }
        }
        for (String name : List.of("Archives", "ArchiveFuzz")) {
            sources.add("src/test/java/dev/sandbridge/archive/" + name + ".java");
        }
        var arguments = new ArrayList<>(List.of("--release", RELEASE, "-g", "-proc:none", "-nowarn"));
        arguments.addAll(List.of("-d", Files.createDirectories(classes).toString()));
        arguments.addAll(List.of("-cp", String.join(File.pathSeparator, classPath("jspecify"))));
        arguments.addAll(sources);
        int result = ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(new String[0]));
        assertThat(result).as("compiled for release " + RELEASE).isZero();
        return classes;
    }

    private static List<String> classPath(String... names) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(jar -> Stream.of(names).anyMatch(new File(jar).getName()::startsWith))
                .toList();
    }

    private static List<byte[]> seeds() throws IOException {
        var seeds = new ArrayList<byte[]>();
        for (byte[] attack : HostileCorpusTest.small().values()) {
            if (attack.length < 20_000) {
                seeds.add(new RawTar().raw(new byte[] {0}).raw(attack).open());
            }
        }
        for (long seed = 0; seed < 12; seed++) {
            byte[] tar =
                    Archives.pack(RandomTree.of(seed), ArchiveLimits.STANDARD).tar();
            if (tar.length < 20_000) {
                seeds.add(new RawTar().raw(new byte[] {1}).raw(tar).open());
                seeds.add(new RawTar()
                        .raw(new byte[] {0})
                        .raw(BrokenArchives.gzip(tar))
                        .open());
            }
        }
        byte[] names = new RawTar()
                .gnu('L', "l".repeat(150))
                .file("l", "x")
                .gnu('K', "k")
                .link("k", "y")
                .build();
        seeds.add(new RawTar().raw(new byte[] {1}).raw(names).open());
        return seeds;
    }

    private static String text(File log) {
        try {
            return Files.readString(log.toPath());
        } catch (IOException unreadable) {
            return unreadable.toString();
        }
    }
}
