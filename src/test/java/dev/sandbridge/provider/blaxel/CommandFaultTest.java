package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.TestSpecs;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class CommandFaultTest extends VendorSuite {
    private SandboxHandle sandbox;

    @BeforeEach
    void make() {
        sandbox = provider.create(TestSpecs.spec());
    }

    @Test
    @DisplayName("statement 67: a command whose answer is cut off is looked up by its name and never sent again")
    void aCommandIsNeverSentTwice() throws Exception {
        vendor.resetAfterStarts(1);

        assertThat(output(sandbox, "echo x >> count; echo done")).isEqualTo("done\n");

        assertThat(output(sandbox, "cat count")).isEqualTo("x\n");
        assertThat(vendor.startedProcesses()).hasSize(new HashSet<>(vendor.startedProcesses()).size());
    }

    @Test
    void aFileOperationWhoseAnswerIsCutOffIsNotDoneTwice() throws Exception {
        vendor.resetAfterStarts(1);

        sandbox.files().makeDirectory(WorkspacePath.of("once"), false, null);

        assertThat(output(sandbox, "ls")).isEqualTo("once\n");
    }

    @Test
    @DisplayName("statements 71 and 72: a stream that breaks leaves the command running, and it is followed by name")
    void aBrokenStreamLeavesTheCommandRunning() throws Exception {
        vendor.cutStreams(true);

        assertThat(output(sandbox, "seq 1 20; sleep 1; seq 21 40"))
                .isEqualTo(output(sandbox, "seq 1 40"))
                .endsWith("40\n");
    }

    @Test
    void aStreamThatFallsSilentIsTakenForBroken() throws Exception {
        var over = new CompletableFuture<Boolean>();
        vendor.fault(request("POST", "/process"), 1, exchange -> {
            StandInSandbox there = vendor.sandboxes().getFirst();
            var process = new StandInProcess(there.root(), exchange.json());
            there.processes().put(process.name(), process);
            exchange.beginChunks("application/x-ndjson");
            over.join();
            exchange.hangUp();
        });
        try {
            assertThat(output(sandbox, "echo heard")).isEqualTo("heard\n");
        } finally {
            over.complete(true);
        }
    }

    @Test
    void whatNeverReachedTheSandboxIsNeverTakenForASuccess() {
        vendor.fault(request("POST", "/process"), 1, Exchange::reset);

        assertThat(failure(() -> sandbox.start(script("echo never"))).code()).isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);
    }

    @Test
    @DisplayName("statement 12: what the gateway has passed on to nobody is sent again")
    void whatWasNotDispatchedIsSentAgain() throws Exception {
        vendor.fault(
                request("POST", "/process"),
                2,
                exchange -> exchange.json(502, StandIn.gatewayError("UPSTREAM_CONNECT_FAILED", 502, true)));

        assertThat(output(sandbox, "echo x")).isEqualTo("x\n");
    }

    @Test
    void aRunnerThatIsKilledLeavesTheEndUnknown() throws Exception {
        try (RunningCommand running = sandbox.start(script("sleep 300"))) {
            String runner = vendor.startedProcesses().getLast();
            Objects.requireNonNull(vendor.sandboxes().getFirst().processes().get(runner))
                    .signal("KILL");

            assertThat(catchThrowable(() -> running.exit().get(20, TimeUnit.SECONDS)))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOfSatisfying(SandboxException.class, unknown -> assertThat(unknown.code())
                            .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR));
            running.kill();
        }
    }

    @Test
    void outputThatFindsNoRoomIsAFailureAndNoSuccess() throws Exception {
        String full = "d=$(readlink /proc/$$/fd/1); ln -s /dev/full \"${d%/*}/o.1\"; echo \"${d%/*}\" > place; "
                + "head -c 1100000 /dev/zero";
        try (RunningCommand running = sandbox.start(script(full))) {
            assertThat(catchThrowable(() -> running.stdout().readAllBytes())).isInstanceOf(IOException.class);
            assertThat(catchThrowable(() -> running.exit().get(20, TimeUnit.SECONDS)))
                    .cause()
                    .isInstanceOfSatisfying(SandboxException.class, lost -> assertThat(lost.code())
                            .isEqualTo(ErrorCode.DISK_FULL));
        }
        String gone = "for i in $(seq 100); do [ -e \"$(cat place)\" ] || exec echo gone; sleep 0.1; done";
        assertThat(output(sandbox, gone)).isEqualTo("gone\n");
    }

    @Test
    void aCommandThatTalksInItsRunnersPlaceIsNotListenedToForEver() throws Exception {
        String flood = "yes xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx > \"$(for fd in /proc/$PPID/fd/*; do "
                + "case $(readlink \"$fd\") in pipe*) echo \"$fd\"; break ;; esac; done)\"";
        try (RunningCommand running = sandbox.start(script(flood))) {
            assertThat(catchThrowable(() -> running.exit().get(20, TimeUnit.SECONDS)))
                    .cause()
                    .isInstanceOfSatisfying(SandboxException.class, unheard -> assertThat(unheard.code())
                            .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR));
            eventually(
                    "it has ended, and its runner",
                    () -> !vendor.hasProcesses(sandbox.spec().name().text()));
        }
    }

    @Test
    void aLineThatNeverEndsIsNotKept() throws Exception {
        var sent = new AtomicLong();
        vendor.fault(request("POST", "/process"), 1, exchange -> {
            StandInSandbox there = vendor.sandboxes().getFirst();
            var process = new StandInProcess(there.root(), exchange.json());
            there.processes().put(process.name(), process);
            exchange.beginChunks("application/x-ndjson");
            var piece = new byte[1 << 16];
            java.util.Arrays.fill(piece, (byte) 'x');
            while (sent.addAndGet(piece.length) < 1L << 28) {
                exchange.chunk(piece);
            }
        });

        assertThat(output(sandbox, "echo heard")).isEqualTo("heard\n");

        assertThat(sent.get()).isLessThan(1L << 26);
    }

    @Test
    @DisplayName("statement 52: the vendor's exit code 0 of a running process is not read")
    void aRunningCommandHasNoExitCode() throws Exception {
        vendor.cutStreams(true);
        try (RunningCommand running = sandbox.start(script("until [ -e go ]; do sleep 0.05; done; exit 3"))) {
            assertThat(catchThrowable(() -> running.exit().get(1500, TimeUnit.MILLISECONDS)))
                    .isInstanceOf(java.util.concurrent.TimeoutException.class);

            output(sandbox, "touch go");

            assertThat(running.exit().get(20, TimeUnit.SECONDS)).isEqualTo(ExitStatus.exited(3));
        }
    }

    @Test
    void longOutputPassesACutConnection() throws Exception {
        try (RunningCommand running = sandbox.start(script("seq 1 400000"))) {
            vendor.fault(request("GET", ".*%2Fo\\.[0-9]+"), 2, exchange -> exchange.html(502));
            vendor.fault(request("GET", ".*%2Fo\\.[0-9]+"), 1, Exchange::reset);

            assertThat(running.stdout().readAllBytes()).hasSize(2_688_895);
        }
    }

    @Test
    void nothingIsLeftInTheSandboxByCommandsThatEnded() throws Exception {
        output(sandbox, "echo short");
        output(sandbox, "seq 1 400000");
        try (RunningCommand running = sandbox.start(script("seq 1 400000"))) {
            running.stdout().read();
        }

        eventually(
                "all directories are gone",
                () -> output(sandbox, "ls -A /tmp/.sandbridge | wc -l").strip().equals("1"));
    }

    @Test
    @DisplayName("statement 91: long files travel in parts that the gateway takes")
    void longFilesTravelInParts() throws Exception {
        var bytes = new byte[9 << 20];
        new java.util.Random(11).nextBytes(bytes);

        sandbox.files().write(WorkspacePath.of("f"), new ByteArrayInputStream(bytes), bytes.length, null);

        assertThat(sent("PUT", "/filesystem-multipart/.*")).isEqualTo(3);
        try (var file = sandbox.files().read(WorkspacePath.of("f"), 0, -1)) {
            assertThat(file.content().readAllBytes()).isEqualTo(bytes);
        }
    }

    @Test
    @DisplayName("statement 92: an upload that fails leaves no part behind")
    void aFailedUploadLeavesNothing() {
        vendor.fault(request("PUT", "/filesystem-multipart/.*"), 100, exchange -> exchange.error(500, "no space"));
        InputStream content = new ByteArrayInputStream(new byte[9 << 20]);

        assertThat(catchThrowable(() -> sandbox.files().write(WorkspacePath.of("f"), content, -1, null)))
                .isInstanceOf(SandboxException.class);

        assertThat(vendor.sandboxes().getFirst().files().openUploads()).isZero();
    }

    @Test
    @DisplayName("statement 100: 413 is told with the limit and not repeated")
    void tooLargeIsTold() throws IOException {
        vendor.fault(
                request("PUT", "/filesystem-multipart/.*"),
                100,
                exchange -> exchange.json(413, StandIn.gatewayError("REQUEST_ENTITY_TOO_LARGE", 413, false)));
        InputStream content = new ByteArrayInputStream(new byte[9 << 20]);

        assertThat(failure(() -> {
                            try {
                                sandbox.files().write(WorkspacePath.of("f"), content, -1, null);
                            } catch (IOException impossible) {
                                throw new java.io.UncheckedIOException(impossible);
                            }
                        })
                        .code())
                .isEqualTo(ErrorCode.PAYLOAD_TOO_LARGE);
        assertThat(sent("PUT", "/filesystem-multipart/.*")).isEqualTo(1);
    }

    @Test
    @DisplayName("statements 79 to 81: any absolute path arrives as it was built")
    void anyPathArrives() throws Exception {
        for (String name : new String[] {"treehouse.txt", "a b#c?d%2F+&'\"é.txt", "%2fx", "filesystem/tree/x"}) {
            var bytes = new byte[100_000];
            new java.util.Random(name.hashCode()).nextBytes(bytes);
            WorkspacePath path = WorkspacePath.of("/workspace/" + name);
            sandbox.files().write(path, new ByteArrayInputStream(bytes), bytes.length, null);
            try (var file = sandbox.files().read(path, 0, -1)) {
                assertThat(file.content().readAllBytes()).as(name).isEqualTo(bytes);
            }
        }
    }
}
