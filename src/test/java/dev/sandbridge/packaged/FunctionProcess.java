package dev.sandbridge.packaged;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.packaged.RuntimeApi.Outcome;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * One instance of a packaged function: its zip unpacked, run as the platform runs it. Native code starts by its
 * bootstrap; Java by AWS's own runtime interface client.
 */
final class FunctionProcess implements AutoCloseable {
    private static final String CLIENT = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda";
    private static final String LIBRARY =
            "com.amazonaws.services.lambda.runtime.api.client.runtimeapi.NativeClient.JNI";
    private static final String HANDLER = "io.quarkus.amazon.lambda.runtime.QuarkusStreamHandler::handleRequest";

    private final RuntimeApi api;
    private final Process process;
    private final Path log;

    private FunctionProcess(RuntimeApi api, Process process, Path log) {
        this.api = api;
        this.process = process;
        this.log = log;
    }

    /** Unpacks a function's zip. */
    static void unpack(Path zip, Path into) throws IOException {
        try (InputStream file = Files.newInputStream(zip);
                var entries = new ZipInputStream(file)) {
            for (ZipEntry entry = entries.getNextEntry(); entry != null; entry = entries.getNextEntry()) {
                Path target = into.resolve(entry.getName()).normalize();
                if (!target.startsWith(into)) {
                    throw new IOException("outside: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(target);
                } else {
                    Files.createDirectories(target.getParent());
                    Files.copy(entries, target);
                }
            }
        }
    }

    /**
     * Starts an instance.
     *
     * @param task the unpacked zip
     * @param client directory with the runtime interface client, for Java
     */
    static FunctionProcess start(Path task, Path client, Path scratch, Map<String, String> settings)
            throws IOException {
        var api = new RuntimeApi(Duration.ofSeconds(60));
        Files.createDirectories(scratch);
        Path log = scratch.resolve("log");
        var builder = new ProcessBuilder(command(task, client, scratch))
                .directory(task.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        var environment = builder.environment();
        environment.clear();
        environment.putAll(Map.of(
                "AWS_LAMBDA_RUNTIME_API",
                api.address(),
                "AWS_LAMBDA_FUNCTION_NAME",
                "sandbridge",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                "512",
                "AWS_REGION",
                "eu-west-1",
                "_HANDLER",
                HANDLER,
                "LAMBDA_TASK_ROOT",
                task.toString(),
                "DISABLE_SIGNAL_HANDLERS",
                "true",
                "SANDBRIDGE_DATA",
                scratch.resolve("data").toString()));
        environment.putAll(settings);
        Process process = builder.start();
        process.onExit().thenAccept(ended -> api.exited(ended.exitValue()));
        return new FunctionProcess(api, process, log);
    }

    private static List<String> command(Path task, Path client, Path scratch) throws IOException {
        Path bootstrap = task.resolve("bootstrap");
        if (Files.exists(bootstrap)) {
            bootstrap.toFile().setExecutable(true);
            return List.of(bootstrap.toString());
        }
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                // Native code was built with it.
                "-Dvertx.disableURIValidation=true",
                "-D" + LIBRARY + "=" + library(client, scratch),
                "-cp",
                String.join(
                        File.pathSeparator,
                        task.toString(),
                        task.resolve("lib").resolve("*").toString(),
                        client.resolve("*").toString()),
                CLIENT,
                HANDLER);
    }

    /** The client unpacks its library to one place in /tmp, where instances on one machine overwrite each other's. */
    private static Path library(Path client, Path scratch) throws IOException {
        Path unpacked = scratch.resolve("client");
        try (Stream<Path> jars = Files.list(client)) {
            for (Path jar : jars.filter(file -> file.toString().contains("interface-client"))
                    .toList()) {
                unpack(jar, unpacked);
            }
        }
        String machine = System.getProperty("os.arch").equals("aarch64") ? "aarch_64" : "x86_64";
        return unpacked.resolve("jni/libaws-lambda-jni.linux-" + machine + ".so");
    }

    /** What it answers; an error of the function fails. */
    String answer(String event) {
        Outcome outcome = outcome(event);
        if (!outcome.kind().equals("response")) {
            throw new AssertionError(outcome + "\n" + log());
        }
        return outcome.body();
    }

    Outcome outcome(String event) {
        try {
            return api.invoke(event);
        } catch (AssertionError failed) {
            throw new AssertionError("alive: " + process.isAlive() + "\n" + log(), failed);
        }
    }

    /** What a function that refuses to start says, in its log or to the platform. */
    String outcomeOfStart() {
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new AssertionError("it runs\n" + log());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        assertThat(process.exitValue()).isNotZero();
        return log();
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException unreadable) {
            return unreadable.toString();
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(20, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        api.close();
    }
}
