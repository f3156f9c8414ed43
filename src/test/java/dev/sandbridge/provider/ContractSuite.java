package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * What the parts of the provider contract share: one provider per class, sandboxes and commands that are let go of
 * after each test, and words for what the tests do all the time.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class ContractSuite {
    /** How long anything that must happen may take on a busy machine. */
    static final Duration SOON = Duration.ofSeconds(20);

    private final Deque<SandboxName> made = new ConcurrentLinkedDeque<>();
    private final Deque<RunningCommand> started = new ConcurrentLinkedDeque<>();
    private TestBed bed;

    /** Opens the provider under test, with nothing in it. */
    protected abstract TestBed open() throws Exception;

    @BeforeAll
    void openBed() throws Exception {
        bed = open();
    }

    @AfterEach
    void letGo() {
        for (var command = started.poll(); command != null; command = started.poll()) {
            command.close();
        }
        for (var name = made.poll(); name != null; name = made.poll()) {
            bed.provider().delete(name);
        }
    }

    @AfterAll
    void closeBed() {
        bed.close();
    }

    TestBed bed() {
        return bed;
    }

    SandboxProvider provider() {
        return bed.provider();
    }

    /** A fresh sandbox, deleted after the test. */
    SandboxHandle make() {
        return make(TestSpecs.spec());
    }

    SandboxHandle make(SandboxSpec spec) {
        made.add(spec.name());
        return provider().create(spec);
    }

    /** A name that is cleaned up after the test, whoever makes its sandbox. */
    SandboxSpec cleanedUp(SandboxSpec spec) {
        made.add(spec.name());
        return spec;
    }

    /** How a command ended and all it wrote. */
    record Ran(ExitStatus status, byte[] stdout, byte[] stderr) {
        String text() {
            return new String(stdout, UTF_8);
        }
    }

    static Command command(String... argv) {
        return new Command(List.of(argv), WorkspacePath.ROOT, Map.of(), null, false);
    }

    static Command piped(String... argv) {
        return new Command(List.of(argv), WorkspacePath.ROOT, Map.of(), null, true);
    }

    static Command script(String text) {
        return command("sh", "-c", text);
    }

    RunningCommand start(SandboxHandle sandbox, Command command) {
        var running = sandbox.start(command);
        started.add(running);
        return running;
    }

    /** Runs a command whose output ends with it. */
    Ran run(SandboxHandle sandbox, Command command) {
        var running = start(sandbox, command);
        var stdout = async(() -> running.stdout().readAllBytes());
        var stderr = async(() -> running.stderr().readAllBytes());
        return new Ran(soon(running.exit()), soon(stdout), soon(stderr));
    }

    /** Runs a shell script that must succeed; what it wrote. */
    String sh(SandboxHandle sandbox, String text) {
        Ran ran = run(sandbox, script(text));
        assertThat(ran.status()).as(new String(ran.stderr(), UTF_8)).isEqualTo(ExitStatus.exited(0));
        return ran.text();
    }

    static WorkspacePath path(String text) {
        return WorkspacePath.of(text);
    }

    static void write(SandboxHandle sandbox, String path, String content) {
        write(sandbox, path, content, null);
    }

    static void write(SandboxHandle sandbox, String path, String content, @Nullable Integer mode) {
        byte[] bytes = content.getBytes(UTF_8);
        try {
            sandbox.files().write(path(path), new ByteArrayInputStream(bytes), bytes.length, mode);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    static String read(SandboxHandle sandbox, String path) {
        try (var file = sandbox.files().read(path(path), 0, -1)) {
            return new String(file.content().readAllBytes(), UTF_8);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static boolean exists(SandboxHandle sandbox, String path) {
        try {
            sandbox.files().stat(path(path), false);
            return true;
        } catch (SandboxException missing) {
            assertThat(missing.code()).isEqualTo(ErrorCode.FILE_NOT_FOUND);
            return false;
        }
    }

    static List<String> names(SandboxHandle sandbox, String directory) {
        var names = new ArrayList<String>();
        sandbox.files().list(path(directory), entry -> names.add(entry.name()));
        return names;
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

    static <T> T soon(CompletableFuture<T> future) {
        try {
            return future.get(SOON.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failed) {
            throw new AssertionError("it failed", failed.getCause());
        } catch (InterruptedException | TimeoutException late) {
            throw new AssertionError("it did not happen in time", late);
        }
    }

    static void eventually(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + SOON.toNanos();
        while (!condition.call()) {
            assertThat(System.nanoTime()).as(what + " in time").isLessThan(end);
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
    }

    /** What a value is after it has not changed for a while. */
    static long settled(Callable<Long> value) throws Exception {
        long last = value.call();
        long since = System.nanoTime();
        long end = since + SOON.toNanos();
        while (System.nanoTime() - since < Duration.ofMillis(600).toNanos()) {
            assertThat(System.nanoTime()).as("it settles in time").isLessThan(end);
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            long now = value.call();
            if (now != last) {
                last = now;
                since = System.nanoTime();
            }
        }
        return last;
    }

    /** Does the same from many threads at once; all results, the first failure thrown. */
    static <T> List<T> atOnce(int threads, Callable<T> work) throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var futures = executor.invokeAll(Collections.nCopies(threads, work));
            var results = new ArrayList<T>();
            for (var future : futures) {
                results.add(future.get());
            }
            return results;
        }
    }

    static byte[] readExactly(InputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        assertThat(bytes).hasSize(count);
        return bytes;
    }

    /** Heap that is really in use. */
    static long usedMemory() {
        System.gc();
        var runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
