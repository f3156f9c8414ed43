package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.archive.ArchiveReport;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.provider.Fault;
import dev.sandbridge.provider.FaultyProvider;
import dev.sandbridge.snapshot.Snapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Snapshots, and what deleting with one does. */
class SnapshotTest extends ServiceSuite {
    private static final Fault UNREADABLE =
            Fault.before(new SandboxException(ErrorCode.WORKSPACE_READ_FAILED, "the disk fails"));

    private SandboxRef box() {
        return new SandboxRef(service.create(ALICE, wish().request()).sandbox().id(), null);
    }

    /** Spoils every stored archive, in place. */
    private void spoil() throws IOException {
        try (var all = Files.walk(snapshots)) {
            for (Path archive :
                    all.filter(file -> file.toString().endsWith(".tar")).toList()) {
                byte[] bytes = Files.readAllBytes(archive);
                bytes[bytes.length / 2] ^= 1;
                Files.write(archive, bytes);
            }
        }
    }

    @Test
    void aSnapshotBringsBackExactlyWhatWasThere() {
        var box = box();
        write(box, "d/f", "one");
        var snapshot = service.snapshots().create(ALICE, box).snapshot();
        write(box, "d/f", "two");
        write(box, "d/more", "more");

        var restored = service.snapshots().restore(ALICE, box, snapshot.id());

        assertThat(restored.skipped()).isFalse();
        assertThat(read(box, "d/f")).isEqualTo("one");
        assertThat(codeOf(() -> read(box, "d/more"))).isEqualTo(ErrorCode.FILE_NOT_FOUND);
    }

    @Test
    void aWorkspaceThatHoldsTheSameIsLeftAlone() {
        var box = box();
        write(box, "d/f", "one");
        var snapshot = service.snapshots().create(ALICE, box).snapshot();

        assertThat(service.snapshots().restore(ALICE, box, snapshot.id()).skipped())
                .isTrue();
        write(box, "d/f", "two");
        assertThat(service.snapshots().restore(ALICE, box, snapshot.id()).skipped())
                .isFalse();
        assertThat(service.snapshots().restore(ALICE, box, snapshot.id()).skipped())
                .as("right after a restore")
                .isTrue();
    }

    @Test
    void aSnapshotOutlivesItsSandboxAndTheService() {
        var box = box();
        write(box, "f", "kept");
        var snapshot = service.snapshots().create(ALICE, box).snapshot();
        service.delete(ALICE, box);
        restart();

        assertThat(service.snapshots().list(ALICE, box)).containsExactly(snapshot);
        assertThat(service.running(ALICE, box)).as("looking starts nothing").isFalse();
        service.snapshots().restore(ALICE, box, snapshot.id());
        assertThat(read(box, "f")).isEqualTo("kept");
        var other = box();
        service.snapshots().restore(ALICE, other, snapshot.id());
        assertThat(read(other, "f")).isEqualTo("kept");
    }

    @Test
    @DisplayName("trap 40: a restore of a damaged snapshot is refused and leaves the workspace as it was")
    void aDamagedSnapshotIsRefusedAndTheWorkspaceStaysAsItWas() throws IOException {
        var box = box();
        write(box, "f", "in the snapshot ".repeat(1000));
        var snapshot = service.snapshots().create(ALICE, box).snapshot();
        write(box, "f", "live");
        spoil();

        assertThat(codeOf(() -> service.snapshots().restore(ALICE, box, snapshot.id())))
                .isEqualTo(ErrorCode.SNAPSHOT_ERROR);
        assertThat(read(box, "f")).isEqualTo("live");
    }

    @Test
    void snapshotsAreTheirOwnersAlone() {
        var box = box();
        write(box, "f", "secret");
        var snapshot = service.snapshots().create(ALICE, box).snapshot();
        var bobs =
                new SandboxRef(service.create(BOB, wish().request()).sandbox().id(), null);

        assertThat(codeOf(() -> service.snapshots().list(BOB, box))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(codeOf(() -> service.snapshots().create(BOB, box))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(codeOf(() -> service.snapshots().restore(BOB, bobs, snapshot.id())))
                .isEqualTo(ErrorCode.SNAPSHOT_NOT_FOUND);
        assertThat(codeOf(() -> service.snapshots().describe(BOB, bobs, snapshot.id())))
                .isEqualTo(ErrorCode.SNAPSHOT_NOT_FOUND);
        service.snapshots().delete(BOB, bobs, snapshot.id());
        assertThat(codeOf(() -> service.snapshots().list(ADMIN, box))).isEqualTo(ErrorCode.FORBIDDEN);
        assertThat(service.snapshots().describe(ALICE, box, snapshot.id())).isEqualTo(snapshot);
    }

    @Test
    @DisplayName("trap 32: a workspace that cannot be read to its end has no fingerprint, and is restored")
    void aWorkspaceThatCannotBeReadIsRestored() {
        var box = box();
        write(box, "f", "one");
        var snapshot = service.snapshots().create(ALICE, box).snapshot();
        provider.next(FaultyProvider.Point.READ_TREE, UNREADABLE);

        assertThat(service.snapshots().restore(ALICE, box, snapshot.id()).skipped())
                .as("although it holds the same")
                .isFalse();
        assertThat(read(box, "f")).isEqualTo("one");
        provider.next(FaultyProvider.Point.READ_TREE, UNREADABLE);
        assertThat(codeOf(() -> service.snapshots().create(ALICE, box))).isEqualTo(ErrorCode.WORKSPACE_READ_FAILED);
        assertThat(service.snapshots().list(ALICE, box)).containsExactly(snapshot);
    }

    @Test
    void whatASnapshotLeavesOutIsInItsReport() {
        var box = box();
        sh(box, "mkfifo pipe; echo kept > f");

        var made = service.snapshots().create(ALICE, box);

        assertThat(service.archives().report(ALICE, box, made.report()).report().counts())
                .containsOnlyKeys(ArchiveReport.Kind.SPECIAL_FILE);
    }

    @Test
    void olderSnapshotsGiveWayByNumberAndByAge() {
        var box = box();
        Snapshot last = null;
        for (int i = 0; i < SNAPSHOTS_KEPT + 2; i++) {
            write(box, "f", "content " + i);
            last = service.snapshots().create(ALICE, box).snapshot();
            clock.advance(Duration.ofSeconds(1));
        }
        assertThat(service.snapshots().list(ALICE, box))
                .hasSize(SNAPSHOTS_KEPT)
                .first()
                .isEqualTo(last);

        clock.advance(SNAPSHOT_AGE.plusDays(1));
        service.deleteExpired();

        assertThat(service.snapshots().list(ALICE, box)).containsExactly(last);
    }

    @Test
    void deletingWithASnapshotKeepsTheFiles() {
        var box = box();
        write(box, "f", "kept");

        var snapshot = service.exit(ALICE, box, true, false).orElseThrow().snapshot();

        assertThat(service.running(ALICE, box)).isFalse();
        service.snapshots().restore(ALICE, box, snapshot.id());
        assertThat(read(box, "f")).isEqualTo("kept");
        service.delete(ALICE, box);
        assertThat(service.exit(ALICE, box, true, false)).as("of what is gone").isEmpty();
    }

    @Test
    void aDifferenceThatNoArchiveHoldsIsRestoredAllTheSame() {
        var box = box();
        write(box, "f", "one");
        var snapshot = service.snapshots().create(ALICE, box).snapshot();
        for (String added : List.of("mkfifo new", "ln -s /etc/passwd new", "touch 'a\\b'")) {
            sh(box, "touch -r . /tmp/was-" + box.id() + "; " + added + "; touch -r /tmp/was-" + box.id() + " .");

            assertThat(service.snapshots().restore(ALICE, box, snapshot.id()).skipped())
                    .as(added)
                    .isFalse();
            assertThat(sh(box, "ls -A")).isEqualTo("f\n");
        }
        assertThat(service.snapshots().restore(ALICE, box, snapshot.id()).skipped())
                .isTrue();
    }

    @Test
    @DisplayName("7.4.1: what runs in the background ends before the snapshot, and calls end in it")
    void aCallThatEndsInTimeIsInTheSnapshot() throws Exception {
        var box = box();
        try (var exec = service.exec(ALICE, box, script("echo begun; sleep 0.2; echo last > f"))) {
            var begun = new CompletableFuture<Void>();
            var ran = CompletableFuture.supplyAsync(() -> {
                try {
                    return exec.run((channel, bytes, offset, length) -> begun.complete(null));
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                } finally {
                    exec.close();
                }
            });
            begun.get(30, TimeUnit.SECONDS);

            var snapshot = service.exit(ALICE, box, true, false).orElseThrow().snapshot();

            assertThat(ran.get(30, TimeUnit.SECONDS)).isEqualTo(ExitStatus.exited(0));
            service.snapshots().restore(ALICE, box, snapshot.id());
            assertThat(read(box, "f")).isEqualTo("last\n");
        }
    }

    @Test
    void whileACallGoesOnNothingIsRemoved() throws Exception {
        var box = ref(make(
                wish().timeouts(new CreateSandbox.TimeoutWishes(null, Duration.ofSeconds(1), null, null, null, null))));
        try (var exec = service.exec(ALICE, box, script("sleep 300"))) {
            assertThat(codeOf(() -> service.exit(ALICE, box, true, false))).isEqualTo(ErrorCode.CONFLICT);
            assertThat(service.running(ALICE, box)).isTrue();
            assertThat(sh(box, "echo goes on")).isEqualTo("goes on\n");
            assertThat(exec).isNotNull();
        }
        assertThat(service.exit(ALICE, box, true, false)).isPresent();
        assertThat(service.running(ALICE, box)).isFalse();
    }

    @Test
    @DisplayName("7.4, trap 6: a snapshot that fails keeps the sandbox that holds the only copy")
    void aSnapshotThatFailsKeepsTheSandbox() throws IOException {
        var box = box();
        write(box, "f", "the only copy");
        try (var all = Files.list(snapshots)) {
            for (Path part : all.toList()) {
                Files.move(part, part.resolveSibling("away-" + part.getFileName()));
                Files.writeString(part, "no directory");
            }
        }

        assertThat(codeOf(() -> service.exit(ALICE, box, true, false))).isEqualTo(ErrorCode.SNAPSHOT_ERROR);

        assertThat(service.running(ALICE, box)).isTrue();
        assertThat(read(box, "f")).isEqualTo("the only copy");
    }

    @Test
    void pausingKeepsTheSandboxWithItsFiles() {
        var box = box();
        write(box, "f", "kept");

        String process =
                service.processes().start(ALICE, box, script("sleep 300"), null).id();

        assertThat(service.exit(ALICE, box, false, true)).isEmpty();
        assertThat(service.running(ALICE, box)).isTrue();
        assertThat(codeOf(() -> service.processes().get(ALICE, box, process))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
        assertThat(read(box, "f")).isEqualTo("kept");
        assertThat(service.exit(ALICE, box, true, true)).isPresent();
        assertThat(service.running(ALICE, box)).isTrue();
    }
}
