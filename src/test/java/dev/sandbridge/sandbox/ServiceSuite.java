package dev.sandbridge.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.archive.ArchiveLimits;
import dev.sandbridge.archive.KnownManifests;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.provider.FaultyProvider;
import dev.sandbridge.provider.HostProvider;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.SecretFile;
import dev.sandbridge.session.SecretKeys;
import dev.sandbridge.session.Secrets;
import dev.sandbridge.session.StateSealer;
import dev.sandbridge.snapshot.FileSnapshotStore;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A service over real processes, a provider that can be made to fail, and a clock that is moved by hand. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class ServiceSuite {
    static final Caller ALICE = new Caller(new OwnerId("alice"), Role.USE, "k1", null);
    static final Caller BOB = new Caller(new OwnerId("bob"), Role.USE, "k2", null);
    static final Caller ADMIN = new Caller(new OwnerId("root"), Role.ADMIN, "k3", null);

    static final int MAX_PER_OWNER = 8;
    static final int SNAPSHOTS_KEPT = 3;
    static final Duration SNAPSHOT_AGE = Duration.ofDays(30);
    static final Duration TTL = Duration.ofHours(24);
    static final Duration REVIVED_TTL = Duration.ofHours(1);
    static final Duration MAKING_LIMIT = Duration.ofSeconds(3);
    static final Limits DEFAULTS = new Limits(1L << 30, 128, 1000, 1L << 30, 1L << 20);
    static final Limits MAXIMUM = new Limits(4L << 30, 256, 4000, 4L << 30, 8L << 20);

    @TempDir
    Path snapshots;

    @TempDir
    Path known;

    final ManualClock clock = new ManualClock();
    FaultyProvider provider;
    SandboxService service;
    Secrets secrets;
    private HostProvider.Disk disk;
    private SandboxIds ids;
    private StateSealer sealer;

    @BeforeEach
    void openService(@TempDir Path data) throws IOException {
        var random = new SecureRandom();
        var file = new SecretFile(data.resolve("secrets"), random);
        SecretKeys keys = file.open();
        secrets = new Secrets(file, keys);
        ids = new SandboxIds(keys, random);
        sealer = new StateSealer(keys, random);
        disk = new HostProvider.Disk();
        start();
    }

    @AfterEach
    void closeService() {
        service.close();
        provider.close();
        disk.close();
    }

    /** Ends the service as a new start does: what it remembers is gone, what lies on disk stays. */
    void restart() {
        service.close();
        provider.close();
        start();
    }

    private void start() {
        provider = new FaultyProvider(new HostProvider(disk));
        service = another();
    }

    /** A service in front of the same provider, which knows nothing of the calls that are open in the first one. */
    SandboxService another() {
        var profiles = List.of(
                profile("default", DEFAULTS), profile("small", new Limits(32L << 20, 16, 100, 64L << 20, 4096)));
        return new SandboxService(
                new Profiles(profiles, "default"), ids, sealer, clock, MAX_PER_OWNER, archives(), MAKING_LIMIT);
    }

    private ArchiveSettings archives() {
        try {
            var store = new FileSnapshotStore(snapshots, new SecureRandom());
            var manifests = new KnownManifests(known, 1 << 20, new SecureRandom());
            return new ArchiveSettings(ArchiveLimits.STANDARD, manifests, store, SNAPSHOTS_KEPT, SNAPSHOT_AGE);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private Profile profile(String name, Limits defaults) {
        return new Profile(
                name, provider, null, false, Network.NONE, defaults, MAXIMUM, TTL, Duration.ofDays(30), REVIVED_TTL);
    }

    static Wish wish() {
        return new Wish(null, Map.of(), Map.of(), null, CreateSandbox.TimeoutWishes.NONE);
    }

    /** What to ask for; the rest is standard. */
    record Wish(
            @Nullable String alias,
            Map<String, String> environment,
            Map<String, String> labels,
            @Nullable Duration ttl,
            CreateSandbox.TimeoutWishes timeouts) {
        Wish alias(String name) {
            return new Wish(name, environment, labels, ttl, timeouts);
        }

        Wish environment(Map<String, String> variables) {
            return new Wish(alias, variables, labels, ttl, timeouts);
        }

        Wish labels(Map<String, String> all) {
            return new Wish(alias, environment, all, ttl, timeouts);
        }

        Wish ttl(Duration life) {
            return new Wish(alias, environment, labels, life, timeouts);
        }

        Wish timeouts(CreateSandbox.TimeoutWishes limits) {
            return new Wish(alias, environment, labels, ttl, limits);
        }

        CreateSandbox request() {
            return new CreateSandbox(
                    alias, null, null, environment, labels, ttl, timeouts, CreateSandbox.LimitWishes.NONE, List.of());
        }
    }

    SandboxView make() {
        return make(wish());
    }

    SandboxView make(Wish wish) {
        return service.create(ALICE, wish.request()).sandbox();
    }

    static SandboxRef ref(SandboxView sandbox) {
        return new SandboxRef(sandbox.id(), null);
    }

    static SandboxRef withState(SandboxView sandbox) {
        return new SandboxRef(sandbox.id(), sandbox.state());
    }

    static ExecCall script(String text) {
        return call(List.of("sh", "-c", text), null, null);
    }

    static ExecCall call(List<String> argv, @Nullable Duration timeout, @Nullable String session) {
        return new ExecCall(argv, null, Map.of(), null, null, timeout, session, true);
    }

    /** How a command ended and what it wrote. */
    record Ran(ExitStatus status, String stdout, String stderr) {}

    Ran run(SandboxRef sandbox, ExecCall call) {
        return run(ALICE, sandbox, call);
    }

    Ran run(Caller caller, SandboxRef sandbox, ExecCall call) {
        try (StartedExec exec = service.exec(caller, sandbox, call)) {
            return finish(exec);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static Ran finish(StartedExec exec) throws IOException {
        var stdout = new ByteArrayOutputStream();
        var stderr = new ByteArrayOutputStream();
        ExitStatus status = exec.run((channel, bytes, offset, length) ->
                (channel == OutputSink.Channel.STDOUT ? stdout : stderr).write(bytes, offset, length));
        return new Ran(status, stdout.toString(UTF_8), stderr.toString(UTF_8));
    }

    /** What a shell script that must succeed writes. */
    String sh(SandboxRef sandbox, String text) {
        Ran ran = run(sandbox, script(text));
        assertThat(ran.status()).as(ran.stderr()).isEqualTo(ExitStatus.exited(0));
        return ran.stdout();
    }

    void write(SandboxRef sandbox, String path, String content) {
        try {
            service.files().write(ALICE, sandbox, WorkspacePath.of(path), bytes(content), -1, null);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    String read(SandboxRef sandbox, String path) {
        try {
            return service.files()
                    .read(
                            ALICE,
                            sandbox,
                            WorkspacePath.of(path),
                            0,
                            -1,
                            file -> new String(file.content().readAllBytes(), UTF_8));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static ByteArrayInputStream bytes(String text) {
        return new ByteArrayInputStream(text.getBytes(UTF_8));
    }

    static ErrorCode codeOf(ThrowingCallable call) {
        var failure = catchThrowableOfType(SandboxException.class, call);
        assertThat(failure).as("no failure").isNotNull();
        return failure.code();
    }

    static <T> CompletableFuture<T> async(Callable<T> work) {
        var result = new CompletableFuture<T>();
        Thread.ofVirtual().start(() -> {
            try {
                result.complete(work.call());
            } catch (Throwable failed) {
                result.completeExceptionally(failed);
            }
        });
        return result;
    }

    static <T> T soon(CompletableFuture<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    static void eventually(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.call()) {
            assertThat(System.nanoTime()).as(what + " in time").isLessThan(end);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }
}
