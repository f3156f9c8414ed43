package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import dev.sandbridge.provider.SandboxFiles;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.TestSpecs;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Statements of the vendor's checklist that the contract of all providers holds too, here by their numbers. */
class StatementsTest extends VendorSuite {
    private SandboxHandle sandbox;
    private SandboxFiles files;

    @BeforeEach
    void make() {
        sandbox = provider.create(TestSpecs.spec());
        files = sandbox.files();
    }

    @Test
    @DisplayName("statement 30: a status belongs to one of four groups")
    void statusesAreGrouped() {
        assertThat(stages("DEPLOYED")).containsOnly(Instance.Stage.READY);
        assertThat(stages("UPLOADING", "BUILDING", "BUILT", "DEPLOYING", "")).containsOnly(Instance.Stage.COMING);
        assertThat(stages("DELETING", "TERMINATING", "DEACTIVATING")).containsOnly(Instance.Stage.GOING);
        assertThat(stages("FAILED", "TERMINATED", "DEACTIVATED")).containsOnly(Instance.Stage.DEAD);
    }

    @Test
    @DisplayName("statements 49, 50, 51 and 53: codes, a missing program, death by a signal, and no output")
    void commandsEndAsTheyEnd() throws Exception {
        assertThat(end(script("true"))).isEqualTo(ExitStatus.exited(0));
        assertThat(end(script("exit 3"))).isEqualTo(ExitStatus.exited(3));
        assertThat(end(command("no-such-program")).code()).isEqualTo(127);
        assertThat(end(script("kill -9 $$"))).isEqualTo(ExitStatus.killed(9));
        assertThat(output(sandbox, ":")).isEmpty();
    }

    @Test
    @DisplayName("statement 59: a missing working directory has an error of its own")
    void aMissingDirectoryIsTold() {
        var command = new Command(List.of("true"), "/workspace/none", Map.of(), null, false);

        assertThat(failure(() -> sandbox.start(command)).code()).isEqualTo(ErrorCode.INVALID_REQUEST);
    }

    @Test
    @DisplayName("statement 60: values of the environment arrive as they are")
    void theEnvironmentArrives() throws Exception {
        String value = "quote ' \" $HOME `x` \\\nsecond line\tüñ😀";
        var command = new Command(
                List.of("sh", "-c", "printf %s \"$VALUE\""), WorkspacePath.ROOT, Map.of("VALUE", value), null, false);

        try (RunningCommand running = sandbox.start(command)) {
            assertThat(new String(running.stdout().readAllBytes(), UTF_8)).isEqualTo(value);
        }
    }

    @Test
    @DisplayName("statements 62, 63 and 64: what traps TERM is killed, with its children, and killing it again is fine")
    void whatTrapsIsKilled() throws Exception {
        try (RunningCommand running = sandbox.start(script("trap '' TERM; sleep 7431 & echo up; wait; sleep 7431"))) {
            assertThat(running.stdout().read()).isEqualTo('u');
            running.signal(Signal.TERM);
            running.kill();
            running.exit().get(20, TimeUnit.SECONDS);
            running.kill();
        }
        eventually("nothing of it is left", () -> output(sandbox, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
                .lines()
                .noneMatch(line -> line.contains("sleep 7431")));
    }

    @Test
    @DisplayName("statements 68, 69 and 70: the stream is put together, without what the server puts into it")
    void theStreamIsRead() throws Exception {
        assertThat(output(sandbox, "echo one; sleep 1; echo two")).isEqualTo("one\ntwo\n");
    }

    @Test
    @DisplayName("statements 73 and 74: a mebibyte of any bytes, and long text of wide characters, come back unchanged")
    void outputIsExact() throws Exception {
        var bytes = new byte[1 << 20];
        new Random(7).nextBytes(bytes);
        files.write(WorkspacePath.of("random"), new ByteArrayInputStream(bytes), bytes.length, null);
        try (RunningCommand running = sandbox.start(command("cat", "random"))) {
            assertThat(running.stdout().readAllBytes()).isEqualTo(bytes);
        }
        String line = "€".repeat(20) + "\n";
        assertThat(output(sandbox, "yes '" + line.strip() + "' | head -n 100000"))
                .isEqualTo(line.repeat(100_000));
    }

    @Test
    @DisplayName("statements 82, 83 and 85: all byte values, no bytes, and the old mode of what is written over")
    void filesAreExact() throws Exception {
        var all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        assertThat(rewritten("all", all, 0750)).isEqualTo(all);
        assertThat(rewritten("all", new byte[0], null)).isEmpty();
        assertThat(files.stat(WorkspacePath.of("all"), true).mode()).isEqualTo(0750);
    }

    @Test
    @DisplayName("statements 86, 89 and 90: what is missing, what is of another kind, and what is there already")
    void mistakesAreToldApart() throws IOException {
        rewritten("file", new byte[1], null);
        files.makeDirectory(WorkspacePath.of("dir"), true, null);
        files.makeDirectory(WorkspacePath.of("dir"), true, null);
        rewritten("dir/inside", new byte[1], null);

        assertThat(failure(() -> files.stat(WorkspacePath.of("none"), true)).code())
                .isEqualTo(ErrorCode.FILE_NOT_FOUND);
        assertThat(failure(() -> files.read(WorkspacePath.of("dir"), 0, -1)).code())
                .isEqualTo(ErrorCode.WRONG_FILE_TYPE);
        assertThat(failure(() -> files.makeDirectory(WorkspacePath.of("file"), true, null))
                        .code())
                .isIn(ErrorCode.CONFLICT, ErrorCode.WRONG_FILE_TYPE);
        assertThat(failure(() -> files.delete(WorkspacePath.of("dir"), false)).code())
                .isEqualTo(ErrorCode.CONFLICT);
        files.delete(WorkspacePath.of("dir"), true);
        assertThat(failure(() -> files.delete(WorkspacePath.of("dir"), true)).code())
                .isEqualTo(ErrorCode.FILE_NOT_FOUND);
    }

    @Test
    @DisplayName("statement 87: directories with nothing and with thousands of entries are listed")
    void longAndEmptyDirectoriesAreListed() throws Exception {
        files.makeDirectory(WorkspacePath.of("empty"), true, null);
        output(sandbox, "mkdir many; cd many; seq 1 3000 | xargs touch");

        assertThat(listed("empty")).isEmpty();
        assertThat(listed("many")).hasSize(3000);
    }

    private List<FileInfo> listed(String directory) {
        var entries = new ArrayList<FileInfo>();
        files.list(WorkspacePath.of(directory), entries::add);
        return entries;
    }

    private byte[] rewritten(String name, byte[] content, @org.jspecify.annotations.Nullable Integer mode)
            throws IOException {
        files.write(WorkspacePath.of(name), new ByteArrayInputStream(content), content.length, mode);
        try (var file = files.read(WorkspacePath.of(name), 0, -1)) {
            return file.content().readAllBytes();
        }
    }

    private ExitStatus end(Command command) throws Exception {
        try (RunningCommand running = sandbox.start(command)) {
            return running.exit().get(20, TimeUnit.SECONDS);
        }
    }

    private static Command command(String... argv) {
        return new Command(List.of(argv), WorkspacePath.ROOT, Map.of(), null, false);
    }

    private static List<Instance.Stage> stages(String... statuses) {
        return List.of(statuses).stream()
                .map(status -> new Instance(Json.object().put("status", status)).stage())
                .toList();
    }
}
