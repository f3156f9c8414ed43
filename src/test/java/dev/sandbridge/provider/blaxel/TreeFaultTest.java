package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.archive.TreeEntry;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxTree;
import dev.sandbridge.provider.TestSpecs;
import dev.sandbridge.workspace.FileType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole workspaces, and what goes wrong on the way. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TreeFaultTest extends VendorSuite {
    private static final String NAMES =
            "for p in /proc/[0-9]*; do [ ! -e $p/root/workspace/more ] || cat $p/comm; done";
    private static final int DIRECTORIES = 80;
    private static final int FILES = 800;
    private static final String PIECES = ".*%2Fi\\.[0-9]+\\.[0-9]+";

    private SandboxHandle sandbox;

    @BeforeEach
    void make() {
        sandbox = provider.create(TestSpecs.spec());
    }

    @Test
    void aTreePassesCutConnectionsPagesAndLostAnswersOnItsWayIn() throws Exception {
        byte[] bytes = random(5 << 20);
        try (var replacement = tree(sandbox).replace()) {
            vendor.fault(request("PUT", PIECES), 1, Exchange::reset);
            vendor.fault(request("PUT", PIECES), 2, exchange -> exchange.html(502));
            add(replacement, "a/large", bytes);
            vendor.fault(request("PUT", PIECES), 1, exchange -> exchange.html(503));
            add(replacement, "small", "x".getBytes(UTF_8));
            replacement.commit(true);
        }

        assertThat(contents(sandbox)).containsOnlyKeys("a/large", "small");
        assertThat(contents(sandbox).get("a/large")).isEqualTo(bytes);
    }

    @Test
    void aPieceThatComesAgainWhileOrAfterItIsReadHarmsNothing() throws Exception {
        byte[] bytes = random(7 << 20);
        var data = vendor.sandboxes().getFirst();
        var again = new AtomicInteger();
        vendor.fault(
                exchange -> request("PUT", PIECES).test(exchange) && again.incrementAndGet() % 2 == 1, 6, exchange -> {
                    data.files().answer(exchange.unheard());
                    String name = exchange.path().replaceAll(".*%2F", "");
                    if (again.get() % 4 == 1) {
                        await("the piece is read", () -> !holds(Path.of("tmp/.sandbridge"), name));
                    }
                    exchange.html(502);
                });
        replace(sandbox, "large", bytes);

        assertThat(contents(sandbox).get("large")).isEqualTo(bytes);
        assertThat(again.get()).isGreaterThan(6);
    }

    @Test
    void aTreePassesCutConnectionsAndPagesOnItsWayOut() throws Exception {
        byte[] bytes = random(5 << 20);
        replace(sandbox, "large", bytes);
        vendor.fault(request("GET", ".*%2Fo\\.[0-9]+"), 2, exchange -> exchange.html(502));
        vendor.fault(request("GET", ".*%2Fo\\.[0-9]+"), 1, Exchange::reset);
        vendor.cutStreams(true);

        assertThat(contents(sandbox).get("large")).isEqualTo(bytes);
    }

    @Test
    void manyFilesAreFewCalls() throws Exception {
        int calls = vendor.requests().size();
        try (var replacement = tree(sandbox).replace()) {
            for (int i = 0; i < 1500; i++) {
                add(replacement, "d" + i % 13 + "/f" + i, Integer.toString(i).getBytes(UTF_8));
            }
            replacement.commit(true);
        }
        assertThat(contents(sandbox)).hasSize(1500);
        assertThat(vendor.requests().size() - calls).isLessThan(300);
        assertThat(output(sandbox, "cat d0/f0 d7/f150")).isEqualTo("0150");
    }

    @Test
    @DisplayName("statement 100: 413 on the way in is told, and leaves the workspace as it was")
    void tooLargeIsTold() throws Exception {
        replace(sandbox, "kept", "old".getBytes(UTF_8));
        vendor.fault(
                request("PUT", PIECES),
                100,
                exchange -> exchange.json(413, StandIn.gatewayError("REQUEST_ENTITY_TOO_LARGE", 413, false)));

        assertThat(failureOfReplacing("kept", random(3 << 20)).code()).isEqualTo(ErrorCode.PAYLOAD_TOO_LARGE);

        vendor.clearFaults();
        assertThat(output(sandbox, "cat kept; ls -A")).isEqualTo("oldkept\n");
        replace(sandbox, "next", new byte[1]);
        assertThat(nothingWaits()).isTrue();
    }

    @Test
    void aWorkspaceWithoutRoomOnAFileSystemOfItsOwnSaysSoAndKeepsWhatItHad() throws Exception {
        try (var mounted = new Mounted("workspace")) {
            assumeTrue(mounted.succeeded(), "mounting takes root");
            replace(sandbox, "kept", "old".getBytes(UTF_8));

            assertThat(failureOfReplacing("large", random(5 << 20)).code()).isEqualTo(ErrorCode.DISK_FULL);

            assertThat(output(sandbox, "cat kept; ls -A")).startsWith("oldkept\n");
            replace(sandbox, "next", random(1 << 20));
            assertThat(contents(sandbox)).containsOnlyKeys("kept", "next");
            try (var replacement = tree(sandbox).replace()) {
                add(replacement, "other", new byte[0]);
                replacement.commit(true);
            }
            assertThat(contents(sandbox)).containsOnlyKeys("other");
            assertThat(output(sandbox, "ls -A")).isEqualTo("other\n");
        }
    }

    @Test
    void aFileSystemBelowTheWorkspaceIsNeitherReadNorCleared() throws Exception {
        try (var mounted = new Mounted("workspace/data")) {
            assumeTrue(mounted.succeeded(), "mounting takes root");
            output(sandbox, "echo far > data/far; echo near > near");

            assertThat(contents(sandbox)).containsOnlyKeys("near");
            var refused = catchThrowableOfType(SandboxException.class, () -> {
                try (var replacement = tree(sandbox).replace()) {
                    add(replacement, "other", new byte[0]);
                    replacement.commit(true);
                }
            });
            assertThat(refused.code()).isEqualTo(ErrorCode.WORKSPACE_WRITE_FAILED);
            assertThat(refused.text()).contains("mounted");
            assertThat(output(sandbox, "cat data/far near; ls -A")).isEqualTo("far\nnear\ndata\nnear\n");
            replace(sandbox, "other", new byte[0]);
            assertThat(output(sandbox, "cat data/far; ls -A")).isEqualTo("far\ndata\nnear\nother\n");
        }
    }

    @Test
    void aServiceThatDiesBetweenTheArrivalAndTheSwapHasChangedNothing() throws Exception {
        replace(sandbox, "kept", "old".getBytes(UTF_8));
        var left = tree(sandbox).replace();
        add(left, "kept", random(1 << 20));
        vendor.fault(request("POST", "/process"), Integer.MAX_VALUE, Exchange::hangUp);
        assertThat(failure(() -> left.commit(true)).code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);
        provider.close();
        vendor.clearFaults();
        provider = BlaxelTestBed.open(vendor);

        assertThat(contents(find()).get("kept")).isEqualTo("old".getBytes(UTF_8));
        replace(find(), "more", new byte[0]);
        assertThat(contents(find())).containsOnlyKeys("kept", "more");
        assertThat(nothingWaits()).isTrue();
    }

    @Test
    void aServiceThatDiesBeforeTheEndLeavesNothingToTheNextOne() throws Exception {
        replace(sandbox, "kept", "old".getBytes(UTF_8));
        var left = tree(sandbox).replace();
        add(left, "kept", random(3 << 20));
        provider.close();
        provider = BlaxelTestBed.open(vendor);
        SandboxHandle again = find();

        assertThat(contents(again)).containsOnlyKeys("kept");
        replace(again, "more", "new".getBytes(UTF_8));

        assertThat(contents(again)).containsOnlyKeys("kept", "more");
        eventually(
                "what took the tree in is gone",
                () -> output(again, NAMES).lines().noneMatch("tar"::equals));
    }

    @Test
    void anotherServiceIsAConflictThatPasses() throws Exception {
        try (var other = BlaxelTestBed.open(vendor);
                var first = tree(sandbox).replace()) {
            add(first, "first", "1".getBytes(UTF_8));
            SandboxHandle theirs = other.find(sandbox.spec().name()).orElseThrow();

            SandboxException refused = failure(() -> tree(theirs).replace());

            assertThat(refused.code()).isEqualTo(ErrorCode.CONFLICT);
            assertThat(refused.retry()).isEqualTo(Retry.YES);
            first.commit(false);
            replace(theirs, "second", "2".getBytes(UTF_8));
        }
        assertThat(contents(sandbox)).containsOnlyKeys("first", "second");
    }

    @Test
    void aSwapThatIsKilledIsEndedByTheNextCallOfAnotherService() throws Exception {
        // The first service never gets to hear of it.
        killInTheMiddle(
                () -> vendor.fault(exchange -> exchange.path().startsWith("/process"), 1_000_000, Exchange::hangUp));
        provider.close();
        vendor.clearFaults();
        provider = BlaxelTestBed.open(vendor);

        Map<String, byte[]> found = contents(find());

        assertThat(found).hasSize(DIRECTORIES + FILES);
        assertThat(found.values().stream().filter(bytes -> new String(bytes, UTF_8).equals("new")))
                .hasSize(FILES);
    }

    @Test
    void aSwapThatIsKilledIsEndedBeforeItsCallEnds() throws Exception {
        killInTheMiddle(() -> {});

        assertThat(output(sandbox, "find . -type f | wc -l")).isEqualTo(DIRECTORIES + FILES + "\n");
        assertThat(nothingWaits()).isTrue();
    }

    /** Kills what is in the midst of putting files into many directories. */
    private void killInTheMiddle(Runnable before) throws Exception {
        output(sandbox, "for d in $(seq 1 " + DIRECTORIES + "); do mkdir d$d; touch d$d/there; done");
        var replacement = tree(sandbox).replace();
        for (int i = 0; i < FILES; i++) {
            add(replacement, "d" + (1 + i % DIRECTORIES) + "/f" + i, "new".getBytes(UTF_8));
        }
        var committing = CompletableFuture.runAsync(() -> {
            try (replacement) {
                replacement.commit(false);
            } catch (SandboxException cutOff) {
                assertThat(cutOff.code()).isIn(ErrorCode.WORKSPACE_WRITE_FAILED, ErrorCode.PROVIDER_FAILURE);
            }
        });
        eventually("the swap has begun", () -> holds(Path.of("tmp/.sandbridge/tree"), "state.merge"));
        before.run();
        Objects.requireNonNull(vendor.sandboxes()
                        .getFirst()
                        .processes()
                        .get(vendor.startedProcesses().getLast()))
                .signal("KILL");
        committing.get(60, TimeUnit.SECONDS);
    }

    private boolean holds(Path below, String beginning) {
        try (Stream<Path> all = Files.walk(vendor.sandboxes().getFirst().root().resolve(below), 3)) {
            return all.anyMatch(path -> path.getFileName().toString().startsWith(beginning));
        } catch (IOException | UncheckedIOException changed) {
            return false;
        }
    }

    private static void await(String what, Callable<Boolean> condition) {
        try {
            eventually(what, condition);
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
    }

    /** A small file system of its own at a path of the sandbox, where this machine allows it. */
    private final class Mounted implements AutoCloseable {
        private final Path place;
        private final boolean succeeded;

        Mounted(String path) throws Exception {
            place = vendor.sandboxes().getFirst().root().resolve(path);
            Files.createDirectories(place);
            succeeded = runs("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place.toString());
        }

        boolean succeeded() {
            return succeeded;
        }

        @Override
        public void close() throws Exception {
            if (succeeded) {
                eventually("it is unmounted", () -> runs("umount", place.toString()));
            }
        }

        private static boolean runs(String... command) throws Exception {
            return new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        }
    }

    private SandboxHandle find() {
        return provider.find(sandbox.spec().name()).orElseThrow();
    }

    private boolean nothingWaits() throws Exception {
        return output(find(), "ls -A /tmp/.sandbridge/tree 2> /dev/null | wc -l")
                .strip()
                .equals("0");
    }

    private SandboxException failureOfReplacing(String path, byte[] bytes) {
        return catchThrowableOfType(SandboxException.class, () -> replace(sandbox, path, bytes));
    }

    private static void replace(SandboxHandle sandbox, String path, byte[] bytes) throws IOException {
        try (var replacement = tree(sandbox).replace()) {
            add(replacement, path, bytes);
            replacement.commit(false);
        }
    }

    private static SandboxTree tree(SandboxHandle sandbox) {
        return sandbox.tree().orElseThrow();
    }

    private static void add(SandboxTree.Replacement replacement, String path, byte[] bytes) throws IOException {
        var entry = new TreeEntry(path, FileType.FILE, 0644, bytes.length, Instant.EPOCH, 0, 0, 1, null);
        replacement.add(entry, new ByteArrayInputStream(bytes));
    }

    private static Map<String, byte[]> contents(SandboxHandle sandbox) throws IOException {
        var files = new TreeMap<String, byte[]>();
        try (var reader = tree(sandbox).read(Set.of())) {
            for (var entry = reader.next(); entry != null; entry = reader.next()) {
                if (entry.type() == FileType.FILE) {
                    InputStream content = reader.content();
                    files.put(entry.path(), content.readAllBytes());
                }
            }
        }
        return files;
    }

    private static byte[] random(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
