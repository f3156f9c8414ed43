package dev.sandbridge.provider.local;

import static dev.sandbridge.provider.local.LocalSandboxes.sh;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.ProviderReport.Strength;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxTree;
import dev.sandbridge.workspace.FileType;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens to the workspace of a real sandbox when a replacement is cut off, and who can see one under way. */
@Timeout(240)
class LocalTreeTest {
    private static final int FILES = 300;

    private LocalSandboxes sandboxes;
    private SandboxHandle sandbox;

    @BeforeEach
    void open() throws IOException {
        sandboxes = new LocalSandboxes();
        sandbox = sandboxes.create();
    }

    @AfterEach
    void close() throws IOException {
        sandboxes.close();
    }

    private SandboxTree tree() {
        return sandbox.tree().orElseThrow();
    }

    private static void add(SandboxTree.Replacement replacement, String path, String text) throws IOException {
        byte[] bytes = text.getBytes(UTF_8);
        var entry = new TreeEntry(path, FileType.FILE, 0644, bytes.length, Instant.EPOCH, 0, 0, 1, null);
        replacement.add(entry, new ByteArrayInputStream(bytes));
    }

    /** Files in directories that exist already, so that putting them in place takes many moves. */
    private static void fill(SandboxTree.Replacement replacement, String text) throws IOException {
        for (int i = 0; i < FILES; i++) {
            add(replacement, "d" + i % 7 + "/e" + i % 3 + "/file-" + i, text);
        }
    }

    @Test
    void aTreeDeeperThanAnyPathIsReadToItsEnd() throws Exception {
        sh(sandbox, "perl -e 'for (1 .. 1500) { mkdir \"x\" x 250 or die; chdir \"x\" x 250 or die }'; echo last > y");
        int levels = 0;
        boolean last = false;
        try (var reader = tree().read(Set.of())) {
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                levels++;
                last = entry.path().equals("y");
            }
        }
        assertThat(levels).isBetween(250, 1500);
        assertThat(last).isTrue();
    }

    private String contents() throws IOException {
        return sh(sandbox, "find . -type f | wc -l; find . -type f -exec cat {} + | sort | uniq -c")
                .stdout()
                .replaceAll("\\s+", " ")
                .strip();
    }

    @Test
    void aCageThatIsKilledWhileATreeIsPutInPlaceLeavesTheOldOrTheNewOne() throws Exception {
        var random = new Random(11);
        try (var first = tree().replace()) {
            fill(first, "0\n");
            first.commit(true);
        }
        int before = 0;
        int patience = 20_000_000;
        for (int round = 1; round <= 12; round++) {
            boolean clear = round % 2 == 0;
            int now = round;
            var replacement = tree().replace();
            fill(replacement, now + "\n");
            var committed = CompletableFuture.supplyAsync(() -> {
                try (replacement) {
                    replacement.commit(clear);
                    return true;
                } catch (SandboxException cutOff) {
                    return false;
                }
            });
            LockSupport.parkNanos(random.nextInt(patience));
            ((LocalHandle) sandbox).stop();
            boolean done = committed.get();
            patience = Math.min(1_000_000_000, done ? patience : patience * 2);

            String found = contents();
            assertThat(found).isIn(done ? "" : FILES + " " + FILES + " " + before, FILES + " " + FILES + " " + now);
            before = found.endsWith(" " + now) ? now : before;
        }
        assertThat(before).as("some got through").isPositive();
    }

    @Test
    @DisplayName(
            "a service that is killed with SIGKILL while a tree is put in place: the next one finds the old or the new")
    void aServiceThatIsKilledLeavesTheOldOrTheNewTree() throws Exception {
        var name = sandbox.spec().name();
        var random = new Random(13);
        int before = -1;
        for (int round = 0; round < 8; round++) {
            sandboxes.provider.close();
            var service = service(name.text(), round * 1000);
            int last = before;
            try (var told = service.inputReader()) {
                String line = told.readLine();
                for (int done = random.nextInt(4); line != null && done >= 0; done--) {
                    last = Integer.parseInt(line);
                    line = done > 0 ? told.readLine() : line;
                }
                LockSupport.parkNanos(random.nextInt(40_000_000));
            } finally {
                service.destroyForcibly().waitFor();
            }
            LocalSandboxes.await("its processes to end", () -> !new ProcessesOf(name).exist());
            sandboxes = new LocalSandboxes(sandboxes.data);
            sandbox = sandboxes.provider.find(name).orElseThrow();
            String[] found = contents().split(" ");
            assertThat(found).as("one tree, whole, in round %d", round).hasSize(3);
            assertThat(found[0]).isEqualTo("" + FILES);
            assertThat(found[1]).isEqualTo("" + FILES);
            int now = Integer.parseInt(found[2]);
            assertThat(now).as("what was committed stays, in round %d", round).isGreaterThanOrEqualTo(last);
            before = now;
        }
        assertThat(before).as("rounds got through").isGreaterThanOrEqualTo(7000);
    }

    private Process service(String name, int first) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ServiceThatReplaces.class.getName(),
                        sandboxes.data.toString(),
                        name,
                        Integer.toString(first))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** A service that puts one tree after another into a workspace, and says the number of each that is in place. */
    static final class ServiceThatReplaces {
        private ServiceThatReplaces() {}

        public static void main(String[] arguments) throws IOException {
            var sandboxes = new LocalSandboxes(Path.of(arguments[0]));
            var tree = sandboxes
                    .provider
                    .find(new SandboxName(arguments[1]))
                    .orElseThrow()
                    .tree()
                    .orElseThrow();
            for (int number = Integer.parseInt(arguments[2]); ; number++) {
                try (var replacement = tree.replace()) {
                    fill(replacement, number + "\n");
                    replacement.commit(number % 2 == 0);
                }
                System.out.println(number);
            }
        }
    }

    @Test
    void aVerbThatTheSandboxKillsLeavesTheOldOrTheNewTree() throws Exception {
        try (var first = tree().replace()) {
            fill(first, "0\n");
            first.commit(true);
        }
        int before = 0;
        for (int round = 1; round <= 8; round++) {
            int now = round;
            var replacement = tree().replace();
            fill(replacement, now + "\n");
            var committed = CompletableFuture.supplyAsync(() -> {
                try (replacement) {
                    replacement.commit(false);
                    return true;
                } catch (SandboxException cutOff) {
                    assertThat(cutOff.code()).isEqualTo(ErrorCode.WORKSPACE_WRITE_FAILED);
                    return false;
                }
            });
            // Everything but process 1 and this shell is shot at.
            sh(sandbox, "kill -9 -1");
            boolean done = committed.get();
            LocalSandboxes.await("the workspace to be whole", () -> {
                try {
                    return contents().matches(FILES + " " + FILES + " \\d+");
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            });
            String found = contents();
            assertThat(found).endsWith(" " + (done || found.endsWith(" " + now) ? now : before));
            before = found.endsWith(" " + now) ? now : before;
        }
    }

    @Test
    void nothingInsideSeesATreeUnderWay() throws Exception {
        try (var replacement = tree().replace()) {
            add(replacement, "hidden/secret-name", "x".repeat(700_000));
            String seen = sh(
                            sandbox,
                            "find / -xdev -name 'secret-name*' 2>/dev/null; "
                                    + "for f in /proc/[0-9]*/fd/* /proc/[0-9]*/cwd /proc/[0-9]*/root; do "
                                    + "ls $f/side $f/new $f/old $f/fs 2>/dev/null; "
                                    + "case $(readlink $f) in *side*|*secret*) echo $f;; esac; done; "
                                    + "ls /side /fs /../side 2>/dev/null; "
                                    + "readlink /proc/1/fd/* | wc -l; ls /proc/[0-9]*/fd | grep -c ^/")
                    .stdout();
            assertThat(seen)
                    .as("processes are there, and what they hold is not")
                    .matches("0\n[3-9]\n");
            replacement.commit(false);
        }
        assertThat(sh(sandbox, "find / -xdev -name 'secret-name*' 2>/dev/null").stdout())
                .isEqualTo("/workspace/hidden/secret-name\n");
    }

    @Test
    void aFullDiskIsSaidAndLeavesTheWorkspaceAsItWas() throws Exception {
        sandboxes.requireHard("disk");
        sh(sandbox, "echo kept > kept; mkdir d; echo kept > d/kept");
        String before = sh(sandbox, "stat -c '%n %i %Y' . kept d d/kept").stdout();
        long free = Long.parseLong(sh(sandbox, "stat -f -c '%f' .").stdout().strip());

        for (int size : new int[] {1 << 30, 60_000}) {
            assertThatThrownBy(() -> {
                        try (var replacement = tree().replace()) {
                            long total = 0;
                            for (int i = 0; total < 1L << 30; i++) {
                                var entry =
                                        new TreeEntry("f" + i, FileType.FILE, 0644, size, Instant.EPOCH, 0, 0, 1, null);
                                replacement.add(entry, ones(size));
                                total += size;
                            }
                            replacement.commit(true);
                        }
                    })
                    .isInstanceOfSatisfying(SandboxException.class, failed -> assertThat(failed.code())
                            .isEqualTo(ErrorCode.DISK_FULL));
            assertThat(sh(sandbox, "stat -c '%n %i %Y' . kept d d/kept").stdout())
                    .isEqualTo(before);
            LocalSandboxes.await("the disk to be free again", () -> {
                try {
                    return Long.parseLong(
                                    sh(sandbox, "stat -f -c '%f' .").stdout().strip())
                            >= free - 100;
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            });
        }
    }

    @Test
    void holesStayHoles() throws Exception {
        long size = 3L << 30;
        try (var replacement = tree().replace()) {
            var entry = new TreeEntry("sparse", FileType.FILE, 0644, size, Instant.EPOCH, 0, 0, 1, null);
            replacement.add(
                    entry, new SequenceInputStream(zeros(size - 3), new ByteArrayInputStream(new byte[] {1, 2, 3})));
            replacement.commit(true);
        }
        assertThat(sh(sandbox, "stat -c %s sparse; du -k sparse | cut -f1; tail -c 3 sparse | od -An -tx1")
                        .stdout())
                .matches(size + "\\n\\d{1,4}\\n 01 02 03\\n");
    }

    @Test
    void aWorkspaceThatTheSandboxHasMovedAwayIsATypedErrorAndNothingElseIsWritten() throws Exception {
        assumeTrue(sandboxes.strength("users") != Strength.NONE, "no root inside");
        sh(sandbox, "mkdir /elsewhere; mv /workspace /old; ln -s /elsewhere /workspace");
        assertThatThrownBy(() -> tree().read(Set.of()).next()).isInstanceOf(SandboxException.class);
        assertThatThrownBy(() -> {
                    try (var replacement = tree().replace()) {
                        add(replacement, "f", "x");
                        replacement.commit(false);
                    }
                })
                .isInstanceOf(SandboxException.class);
        assertThat(sandbox.files().stat(WorkspacePath.of("/workspace"), true).type())
                .isEqualTo(FileType.DIRECTORY);
        assertThat(sh(sandbox, "ls /elsewhere").stdout()).isEmpty();
    }

    private static InputStream zeros(long size) {
        return filled(size, (byte) 0);
    }

    private static InputStream ones(long size) {
        return filled(size, (byte) 1);
    }

    private static InputStream filled(long size, byte with) {
        return new InputStream() {
            private long left = size;

            @Override
            public int read() {
                return left-- > 0 ? with : -1;
            }

            @Override
            public int read(byte[] into, int offset, int length) {
                if (left <= 0) {
                    return -1;
                }
                int count = (int) Math.min(length, left);
                Arrays.fill(into, offset, offset + count, with);
                left -= count;
                return count;
            }
        };
    }
}
