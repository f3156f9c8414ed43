package dev.sandbridge.provider.local;

import static dev.sandbridge.provider.local.LocalSandboxes.await;
import static dev.sandbridge.provider.local.LocalSandboxes.command;
import static dev.sandbridge.provider.local.LocalSandboxes.sh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.nio.file.ExtendedOpenOption;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.ProviderReport.Guarantee;
import dev.sandbridge.provider.ProviderReport.Strength;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Greedy sandboxes meet their limits, and their neighbour does not notice. */
@Timeout(180)
class LocalLimitsTest {
    private static final Limits SMALL = new Limits(96L << 20, 40, 500, 32L << 20, 1L << 20);

    private static LocalSandboxes sandboxes;
    private static SandboxHandle neighbour;

    @BeforeAll
    static void create() throws IOException {
        sandboxes = new LocalSandboxes();
        neighbour = sandboxes.create();
    }

    @AfterAll
    static void remove() throws IOException {
        sandboxes.close();
    }

    @Test
    void theTableHasALineForEveryLimit() {
        var limits = Stream.of(Limits.class.getRecordComponents())
                .map(component -> component.getName().replaceFirst("[A-Z].*", ""));

        assertThat(sandboxes.provider.report().guarantees())
                .extracting(Guarantee::subject)
                .containsAll(limits.toList());
    }

    @Test
    void aMemoryHogIsEndedAndTheLimitIsNamed() throws IOException {
        sandboxes.requireHard("memory");
        var hog = sandboxes.create(SMALL);
        assertThat(hog.limitReached()).isEmpty();

        var result = sh(hog, "exec perl -e '$x .= \"x\" x 1048576 for 1..400; print length $x'");

        assertThat(result.code()).isEqualTo(137);
        assertThat(hog.limitReached())
                .hasValueSatisfying(sentence ->
                        assertThat(sentence).contains("memory").contains(Long.toString(SMALL.memoryBytes())));
        assertThat(hog.limitReached()).isEmpty();
        assertThat(sh(hog, "echo alive").stdout()).isEqualTo("alive\n");
        assertNeighbourIsWell();
    }

    @Test
    void memoryPerProcessIsBoundedEverywhere() throws IOException {
        var hog = sandboxes.create(SMALL);

        assertThat(sh(hog, "perl -e '$x .= \"x\" x 1048576 for 1..400; print length $x'")
                        .stdout())
                .isEmpty();
        assertThat(sh(hog, "echo alive").stdout()).isEqualTo("alive\n");
    }

    @Test
    void aForkBombStopsAtTheLimitAndIsGoneAfterKill() throws Exception {
        var bomb = sandboxes.create(SMALL);
        var attack = "perl -e 'while (1) { exec qw(sleep 1000) if !(fork // 1) }'";
        try (var running = bomb.start(command(attack))) {
            if (sandboxes.strength("processes") == Strength.HARD) {
                await("the limit", () -> isRefused(bomb));
            }
            assertNeighbourIsWell();
            running.kill();
        }
        assertThat(sh(bomb, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout()).doesNotContain("sleep 1000");
    }

    private static boolean isRefused(SandboxHandle sandbox) {
        try {
            return sh(sandbox, "exit 0").code() < 0;
        } catch (SandboxException refused) {
            assertThat(refused.code()).isEqualTo(ErrorCode.CAPACITY_EXCEEDED);
            return true;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Test
    void aDiskFillerGetsNoSpaceLeftAndTheHostsDiskIsNotTaken() throws IOException {
        sandboxes.requireHard("disk");
        var filler = sandboxes.create(SMALL);

        var result = sh(filler, "for d in . /tmp /home /var/tmp; do head -c 64M /dev/zero > $d/fill; done");

        assertThat(result.stderr()).contains("No space left");
        var image = sandboxes.data.resolve("local/sandboxes/" + filler.spec().name() + "/disk.img");
        assertThat(Files.size(image)).isEqualTo(SMALL.diskBytes());
        assertThat(sh(filler, "rm -f fill /tmp/fill /home/fill /var/tmp/fill; echo again > f; cat f")
                        .stdout())
                .isEqualTo("again\n");
        assertNeighbourIsWell();
    }

    /** Where the kernel keeps no limit for the sandbox as a whole, it is measured from time to time. */
    @Test
    void aDiskFillerIsEndedWhereTheDiskIsOnlyMeasured() throws Exception {
        assumeTrue(sandboxes.strength("disk") == Strength.SOFT, "the disk limit is hard here");
        var filler = sandboxes.create(SMALL);

        var result = sh(filler, "for i in 1 2 3 4; do head -c 16M /dev/urandom > fill$i; done; exec sleep 1000");

        assertThat(result.code()).isEqualTo(137);
        assertThat(filler.limitReached())
                .hasValueSatisfying(sentence -> assertThat(sentence).contains("disk"));
        var content = new ByteArrayInputStream(new byte[1]);
        assertThatThrownBy(() -> filler.files().write(WorkspacePath.of("more"), content, 1, null))
                .isInstanceOfSatisfying(
                        SandboxException.class, full -> assertThat(full.code()).isEqualTo(ErrorCode.DISK_FULL));
        assertThat(sh(filler, "rm fill*").code()).isZero();
        await("room again", () -> isWritable(filler));
        assertNeighbourIsWell();
    }

    private static boolean isWritable(SandboxHandle sandbox) {
        try {
            return sandbox.files()
                            .write(WorkspacePath.of("more"), new ByteArrayInputStream(new byte[1]), 1, null)
                            .size()
                    == 1;
        } catch (SandboxException full) {
            return false;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Otherwise every page is there twice, in the sandbox's file system and in that of its image, and is copied. */
    @Test
    void aDiskIsCachedOnce() throws IOException {
        sandboxes.requireHard("disk");
        assumeTrue(takesDirectIo(sandboxes.data), "the data's file system takes no direct I/O");
        int disks = 0;
        try (var devices = Files.newDirectoryStream(Path.of("/sys/block"), "loop*")) {
            for (Path device : devices) {
                Path image = device.resolve("loop/backing_file");
                if (Files.exists(image) && Files.readString(image).startsWith(sandboxes.data + "/")) {
                    disks++;
                    assertThat(device.resolve("loop/dio")).hasContent("1");
                }
            }
        }

        assertThat(disks).isPositive();
    }

    private static boolean takesDirectIo(Path directory) throws IOException {
        Path probe = Files.createTempFile(directory, "direct", "");
        try (var file = FileChannel.open(probe, StandardOpenOption.READ, ExtendedOpenOption.DIRECT)) {
            return file.isOpen();
        } catch (IOException | UnsupportedOperationException refused) {
            return false;
        } finally {
            Files.delete(probe);
        }
    }

    @Test
    void oneFileIsBoundedEverywhere() throws IOException {
        var filler = sandboxes.create(SMALL);

        sh(filler, "head -c 64M /dev/zero > fill");

        assertThat(Long.parseLong(sh(filler, "stat -c %s fill").stdout().strip()))
                .isLessThanOrEqualTo(SMALL.diskBytes());
    }

    @Test
    void temporaryFileSystemsCountAsMemory() throws IOException {
        sandboxes.requireHard("memory");
        var filler = sandboxes.create(SMALL);

        sh(filler, "head -c 200M /dev/zero > /dev/shm/fill; head -c 200M /dev/zero > /run/fill");

        assertNeighbourIsWell();
        assertThat(sh(filler, "rm -f /dev/shm/fill /run/fill; echo alive").stdout())
                .isEqualTo("alive\n");
    }

    @Test
    void aProcessorHogGetsItsShareOnly() throws Exception {
        sandboxes.requireHard("cpu");
        var hog = sandboxes.create(SMALL);

        try (var running = hog.start(command("while :; do :; done & while :; do :; done"))) {
            long begin = System.nanoTime();
            long before = ticks(hog);
            await(
                    "some time",
                    () -> System.nanoTime() - begin > Duration.ofSeconds(2).toNanos());
            double share = (ticks(hog) - before) / 100.0 / ((System.nanoTime() - begin) / 1e9);
            running.kill();

            assertThat(share).isLessThan(SMALL.cpuMillis() / 1000.0 * 1.3);
        }
    }

    private static long ticks(SandboxHandle sandbox) throws IOException {
        return sh(sandbox, "cat /proc/[0-9]*/stat")
                .stdout()
                .lines()
                .map(line -> line.substring(line.lastIndexOf(')') + 2).split(" "))
                .mapToLong(fields -> Long.parseLong(fields[11]) + Long.parseLong(fields[12]))
                .sum();
    }

    @Test
    void openFilesOfAProcessAreBounded() throws IOException {
        assertThat(Long.parseLong(sh(neighbour, "ulimit -Hn").stdout().strip())).isLessThanOrEqualTo(65_536);
    }

    private static void assertNeighbourIsWell() throws IOException {
        assertThat(sh(neighbour, "echo well > f && cat f").stdout()).isEqualTo("well\n");
    }
}
