package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.Exec;
import dev.sandbridge.process.ExecLimits;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.ProviderReport;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/** A provider over a data directory of its own, and short hands for what tests do with it. */
final class LocalSandboxes implements AutoCloseable {
    static final Limits LIMITS = new Limits(512L << 20, 200, 2000, 256L << 20, 64L << 20);

    private static final Random RANDOM = new Random();

    final Path data;
    final LocalProvider provider;

    LocalSandboxes() throws IOException {
        this(Files.createTempDirectory("sandbridge-local"));
    }

    LocalSandboxes(Path data) {
        this.data = data;
        this.provider = new LocalProvider(new LocalOptions(data, Map.of()));
    }

    /** How a command ended and what it said. */
    record Result(ExitStatus status, String stdout, String stderr) {
        int code() {
            return status.code();
        }
    }

    static SandboxName newName() {
        var text = new StringBuilder("sb-");
        for (int i = 0; i < 26; i++) {
            text.append("abcdefghijklmnopqrstuvwxyz234567".charAt(RANDOM.nextInt(32)));
        }
        return new SandboxName(text.toString());
    }

    static SandboxSpec spec(Limits limits, Network network) {
        var name = newName();
        var now = Instant.now();
        return new SandboxSpec(
                name,
                name.text(),
                "owner",
                "default",
                null,
                null,
                network,
                limits,
                Map.of(),
                "",
                now,
                now.plusSeconds(3600));
    }

    SandboxHandle create() {
        return create(LIMITS);
    }

    SandboxHandle create(Limits limits) {
        return provider.create(spec(limits, Network.NONE));
    }

    /** Ends a test early, as skipped, where no address translator is installed. */
    SandboxHandle createWithNat() {
        try {
            return provider.create(spec(LIMITS, Network.NAT));
        } catch (SandboxException refused) {
            if (refused.code() == ErrorCode.CAPABILITY_UNAVAILABLE) {
                throw new TestAbortedException(refused.text());
            }
            throw refused;
        }
    }

    static Result sh(SandboxHandle handle, String script) throws IOException {
        return run(handle, command(script));
    }

    static Command command(String script) {
        return new Command(List.of("sh", "-c", script), "/workspace", Map.of(), null, false);
    }

    static Command as(@Nullable String user, String script) {
        return new Command(List.of("sh", "-c", script), "/workspace", Map.of(), user, false);
    }

    static Result run(SandboxHandle handle, Command command) throws IOException {
        return run(handle, command, Duration.ofSeconds(60));
    }

    static Result run(SandboxHandle handle, Command command, Duration timeout) throws IOException {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        OutputSink sink = (channel, bytes, offset, length) ->
                (channel == OutputSink.Channel.STDOUT ? out : err).write(bytes, offset, length);
        var status = new Exec(handle.start(command), new ExecLimits(timeout, 64L << 20), sink).run();
        return new Result(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    ProviderReport.Strength strength(String subject) {
        return provider.report().guarantees().stream()
                .filter(guarantee -> guarantee.subject().equals(subject))
                .findFirst()
                .orElseThrow()
                .strength();
    }

    /** Ends a test early, as skipped, where the table does not promise what it attacks. */
    void requireHard(String subject) {
        if (strength(subject) != ProviderReport.Strength.HARD) {
            throw new TestAbortedException(subject + " is not a hard limit for this user on this machine");
        }
    }

    void requireUsers() {
        if (strength("users") == ProviderReport.Strength.NONE) {
            throw new TestAbortedException("users are not offered to this user on this machine");
        }
    }

    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("not within 30 s: " + what);
            }
            Thread.yield();
        }
    }

    /** Removes every sandbox, then everything else. */
    @Override
    public void close() throws IOException {
        provider.list().forEach(spec -> provider.delete(spec.name()));
        provider.close();
        Files.walkFileTree(data, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failed) throws IOException {
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
