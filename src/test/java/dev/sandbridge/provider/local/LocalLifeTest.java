package dev.sandbridge.provider.local;

import static dev.sandbridge.provider.local.LocalSandboxes.await;
import static dev.sandbridge.provider.local.LocalSandboxes.command;
import static dev.sandbridge.provider.local.LocalSandboxes.sh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Beginnings and ends: what fails half way, is killed, or comes back. */
@Timeout(240)
class LocalLifeTest {
    private LocalSandboxes sandboxes;

    @BeforeEach
    void open() throws IOException {
        sandboxes = new LocalSandboxes();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        sandboxes.close();
        assertThat(sandboxes.data).doesNotExist();
    }

    /**
     * A cage that is started by a thread of its own dies with it at once; one of a pooled thread after some idle
     * time.
     */
    @Test
    void aSandboxOutlivesTheThreadThatCreatedIt() throws Exception {
        var created = new CompletableFuture<SandboxHandle>();
        var thread = new Thread(() -> created.complete(sandboxes.create()));
        thread.start();
        thread.join();
        var sandbox = created.get();
        sh(sandbox, "sleep 1000 & echo $! > background");

        long begin = System.nanoTime();
        await(
                "two seconds",
                () -> System.nanoTime() - begin > Duration.ofSeconds(2).toNanos());

        assertThat(sh(sandbox, "kill -0 $(cat background)").code()).isZero();
    }

    @Test
    void aCageThatEndedIsStartedAgainByTheNextUseAndKeepsItsFiles() throws IOException {
        var sandbox = sandboxes.create();
        sh(sandbox, "echo kept > f; echo kept > /tmp/t; echo kept > ~/h; sleep 1000 &");

        ((LocalHandle) sandbox).stop();

        assertThat(sh(sandbox, "cat f /tmp/t ~/h").stdout()).isEqualTo("kept\nkept\nkept\n");
        assertThat(sh(sandbox, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout())
                .doesNotContain("sleep 1000");
    }

    @Test
    void aCageThatCannotComeUpLeavesNothing() throws IOException {
        sandboxes.provider.list();
        var launcher = sandboxes.data.resolve("local/cage/cage.pl");
        Files.writeString(launcher, "print STDERR qq(no luck\n); exit 1;");
        long descriptors = Pipe.openDescriptors();
        var spec = LocalSandboxes.spec(LocalSandboxes.LIMITS, Network.NONE);
        var logged = new LogOf(LocalHandle.class);

        assertThatThrownBy(() -> sandboxes.provider.create(spec))
                .isInstanceOfSatisfying(SandboxException.class, failed -> assertThat(failed.code())
                        .isEqualTo(ErrorCode.POOL_ERROR))
                .cause()
                .hasMessageContaining("no luck");

        assertThat(logged.text()).as("the answer points there").contains("no luck");
        assertThat(sandboxes.provider.find(spec.name())).isEmpty();
        assertThat(files(sandboxes.data.resolve("local/sandboxes"))).isEmpty();
        assertThat(files(sandboxes.data.resolve("local/removing"))).isEmpty();
        assertThat(groups(spec.name())).isEmpty();
        await("descriptors to be closed", () -> descriptors() <= descriptors);
    }

    /** A file system of the run's own, too small for anything. */
    @Test
    void onAFullMachineNoSandboxIsMadeAndTheReasonIsTold(@TempDir Path directory) throws Exception {
        assumeTrue((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0, "not root");
        run("mount", "-t", "tmpfs", "-o", "size=16m", "none", directory.toString());
        try (var provider = new LocalProvider(new LocalOptions(directory.resolve("data"), Map.of()))) {
            var spec = LocalSandboxes.spec(LocalSandboxes.LIMITS, Network.NONE);

            assertThatThrownBy(() -> provider.create(spec)).isInstanceOfSatisfying(SandboxException.class, full -> {
                assertThat(full.code()).isEqualTo(ErrorCode.CAPACITY_EXCEEDED);
                assertThat(full.text()).contains("disk is full");
            });
            assertThat(provider.find(spec.name())).isEmpty();
            assertThat(provider.list()).isEmpty();
        } finally {
            run("umount", "-l", directory.toString());
        }
    }

    private static void run(String... command) throws Exception {
        assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
    }

    private static long descriptors() {
        try {
            return Pipe.openDescriptors();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Test
    void oneServiceAtATimeHasADataDirectory() {
        sandboxes.create();

        try (var second = new LocalProvider(new LocalOptions(sandboxes.data, Map.of()))) {
            assertThatThrownBy(second::list)
                    .isInstanceOf(SandboxException.class)
                    .hasMessageContaining("another service");
            assertThat(second.report().unavailable()).contains("another service");
        }
    }

    @Test
    void whatAKilledServiceLeftIsSweptAndItsSandboxesAreFound() throws Exception {
        sandboxes.provider.close();
        var output = Files.createTempFile("service", ".out");
        var service = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ServiceToKill.class.getName(),
                        sandboxes.data.toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            await("the service", () -> !service.isAlive() || text(output).contains("ready\n"));
            assertThat(text(output)).contains("ready\n");
        } finally {
            service.destroyForcibly().waitFor();
        }
        var name = new SandboxName(text(output).lines().findFirst().orElseThrow());
        await("the sandbox's processes to end", () -> !new ProcessesOf(name).exist());
        var halfMade = sandboxes.data.resolve("local/making/" + LocalSandboxes.newName());
        var halfGone = sandboxes.data.resolve("local/removing/" + LocalSandboxes.newName() + ".0");
        Files.createDirectories(halfMade);
        Files.writeString(halfMade.resolve("disk.img"), "half a disk");
        Files.createDirectories(halfGone.resolve("tree/deep/er"));

        sandboxes = new LocalSandboxes(sandboxes.data);
        var found = sandboxes.provider.find(name).orElseThrow();

        assertThat(halfMade).doesNotExist();
        assertThat(halfGone).doesNotExist();
        assertThat(groups(name)).isEmpty();
        assertThat(new ProcessesOf(name).exist()).isFalse();
        assertThat(found.spec().labels()).containsEntry("made", "by the killed");
        assertThat(sh(found, "cat kept; cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
                        .stdout())
                .startsWith("kept\n")
                .doesNotContain("sleep 1000");
        Files.delete(output);
    }

    @Test
    void deletingEndsWhatHidesAndIgnoresSignals() throws Exception {
        var sandbox = sandboxes.create();
        sh(sandbox, "(setsid sh -c 'trap \"\" TERM HUP INT; exec sleep 1000' &) ; sleep 0.1");
        assertThat(new ProcessesOf(sandbox.spec().name()).exist()).isTrue();

        assertThat(sandboxes.provider.delete(sandbox.spec().name())).isTrue();

        assertThat(new ProcessesOf(sandbox.spec().name()).exist()).isFalse();
        assertThat(groups(sandbox.spec().name())).isEmpty();
        assertThat(sandboxes.provider.delete(sandbox.spec().name())).isFalse();
    }

    @Test
    void deletingDuringACommandAndAnUploadLeavesNothing() throws Exception {
        var sandbox = sandboxes.create();
        var running = sandbox.start(command("while :; do date > f; mkdir -p a/$RANDOM; done"));

        assertThat(sandboxes.provider.delete(sandbox.spec().name())).isTrue();

        assertThat(running.exit()).failsWithin(Duration.ofSeconds(10));
        running.close();
        assertThat(files(sandboxes.data.resolve("local/sandboxes"))).isEmpty();
        assertThat(files(sandboxes.data.resolve("local/removing"))).isEmpty();
    }

    @Test
    void manyAreMadeAtOnceAndAllWork() throws Exception {
        sandboxes.provider.list();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<String> one = () -> sh(sandboxes.create(), "cat /etc/hostname > f; id -u; cat f")
                    .stdout();
            for (var result :
                    threads.invokeAll(Stream.generate(() -> one).limit(24).toList())) {
                assertThat(result.get()).endsWith("sandbox\n");
            }
        }
        assertThat(sandboxes.provider.list()).hasSize(24);
    }

    @Test
    void aNameThatIsBeingRemovedCanBeMadeAgain() throws Exception {
        var spec = LocalSandboxes.spec(LocalSandboxes.LIMITS, Network.NONE);
        for (int i = 0; i < 5; i++) {
            var sandbox = sandboxes.provider.create(spec);
            sh(sandbox, "echo old > f");
            var removal = CompletableFuture.supplyAsync(() -> sandboxes.provider.delete(spec.name()));
            await(
                    "the removal to begin",
                    () -> sandboxes.provider.find(spec.name()).isEmpty());
            assertThat(sh(sandboxes.provider.create(spec), "ls").stdout()).isEmpty();
            assertThat(removal.get()).isTrue();
            assertThat(sandboxes.provider.delete(spec.name())).isTrue();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static List<Path> files(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.toList();
        }
    }

    private static List<Path> groups(SandboxName name) throws IOException {
        if (!Files.isDirectory(Path.of("/sys/fs/cgroup"))) {
            return List.of();
        }
        try (var directories = Files.walk(Path.of("/sys/fs/cgroup"), 8)) {
            return directories
                    .filter(directory -> directory.endsWith(name.text()))
                    .toList();
        } catch (UncheckedIOException changedMeanwhile) {
            return List.of();
        }
    }
}
