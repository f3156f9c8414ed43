package dev.sandbridge.provider.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.provider.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Both versions of control groups, of which a machine has one: in a copy of their files, and in the real one. */
@Timeout(60)
class CgroupsTest {
    private static final Limits LIMITS = new Limits(64L << 20, 100, 1500, 1, 1);

    @TempDir
    private Path root;

    private Path proc;

    @BeforeEach
    void prepare() throws IOException {
        proc = Files.createDirectory(root.resolve("proc"));
    }

    @Test
    void versionOneHasAGroupPerController() throws IOException {
        write(
                "proc/mountinfo",
                "32 31 0:29 / " + root + "/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
                        + "35 31 0:32 / " + root + "/memory rw - cgroup cgroup rw,memory\n"
                        + "36 31 0:33 / " + root + "/pids rw - cgroup cgroup rw,pids\n");
        write("proc/cgroup", "4:memory:/a/b\n2:cpu,cpuacct:/\n3:pids:/c\n");
        for (String own : List.of("cpu", "memory/a/b", "pids/c")) {
            write(own + "/group/cgroup.procs", "");
        }
        var name = LocalSandboxes.newName();

        var cgroups = Cgroups.find(proc, "group");
        var cgroup = cgroups.create(name, LIMITS);

        assertThat(cgroup.directories())
                .containsExactlyInAnyOrder(
                        root.resolve("cpu/group/" + name),
                        root.resolve("memory/a/b/group/" + name),
                        root.resolve("pids/c/group/" + name));
        assertThat(root.resolve("memory/a/b/group/" + name + "/memory.limit_in_bytes"))
                .hasContent("67108864");
        assertThat(root.resolve("pids/c/group/" + name + "/pids.max")).hasContent("102");
        assertThat(root.resolve("cpu/group/" + name + "/cpu.cfs_quota_us")).hasContent("150000");
        assertThat(cgroups.limit(Controller.MEMORY)).isTrue();

        write("memory/a/b/group/" + name + "/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
        assertThat(cgroup.outOfMemoryKills()).isEqualTo(3);
    }

    @Test
    void versionTwoHasOneGroupAndHandsTheControllersDown() throws IOException {
        write("proc/mountinfo", "41 31 0:38 / " + root + "/unified rw - cgroup2 cgroup rw\n");
        write("proc/cgroup", "0::/service.slice\n");
        write("unified/service.slice/cgroup.controllers", "cpuset cpu io memory pids\n");
        write("unified/service.slice/cgroup.procs", "1\n");
        write("unified/service.slice/group/cgroup.procs", "");
        var name = LocalSandboxes.newName();

        var cgroups = Cgroups.find(proc, "group");
        var cgroup = cgroups.create(name, LIMITS);

        var directory = root.resolve("unified/service.slice/group/" + name);
        assertThat(cgroup.directories()).containsExactly(directory);
        assertThat(directory.resolve("memory.max")).hasContent("67108864");
        assertThat(directory.resolve("pids.max")).hasContent("102");
        assertThat(directory.resolve("cpu.max")).hasContent("150000 100000");
        assertThat(root.resolve("unified/service.slice/group/cgroup.subtree_control"))
                .exists();

        Files.writeString(directory.resolve("memory.events"), "low 0\nmax 7\noom 2\noom_kill 2\noom_group_kill 0\n");
        assertThat(cgroup.outOfMemoryKills()).isEqualTo(2);
    }

    @Test
    void aContainerThatSeesAPartOfTheHierarchyFindsItself() {
        var mounts = CgroupMount.parse(
                List.of(
                        "41 31 0:38 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw",
                        "1 2 3:4 / / rw - ext4 /dev/x rw"),
                List.of("0::/docker/abc/inner"));

        assertThat(mounts).hasSize(1);
        assertThat(mounts.getFirst().own()).isEqualTo(Path.of("/sys/fs/cgroup/inner"));
    }

    @Test
    void withoutAGroupThatCanBeWrittenNothingIsLimited() throws IOException {
        write("proc/mountinfo", "41 31 0:38 / /nowhere rw - cgroup2 cgroup rw\nnonsense\n");
        write("proc/cgroup", "0::/\nnonsense\n");

        var cgroups = Cgroups.find(proc, "group");

        assertThat(cgroups.limit(Controller.MEMORY)).isFalse();
        assertThat(cgroups.create(LocalSandboxes.newName(), LIMITS).directories())
                .isEmpty();
    }

    /** A run that was killed may have been in another group than the one that comes after it. */
    @Test
    void whatAnEarlierRunLeftIsEndedWhereverItWas() throws Exception {
        var real = realHierarchy();
        var elsewhere =
                real.resolve("sandbridge-test-" + ProcessHandle.current().pid());
        var left = elsewhere.resolve("deeper/group-of-test/sb-left");
        Files.createDirectories(left);
        var process = new ProcessBuilder("sleep", "1000").start();
        try {
            Files.writeString(left.resolve("cgroup.procs"), Long.toString(process.pid()));

            Cgroups.find(Path.of("/proc/self"), "group-of-test").sweep();

            assertThat(left).doesNotExist();
            assertThat(process.waitFor()).isEqualTo(128 + 9);
        } finally {
            process.destroyForcibly().waitFor();
            Cgroups.find(Path.of("/proc/self"), "group-of-test").close();
            new Cgroup(List.of(left, left.getParent(), elsewhere.resolve("deeper"), elsewhere)).remove();
        }
    }

    private static Path realHierarchy() throws IOException {
        var mounts = CgroupMount.parse(
                Files.readAllLines(Path.of("/proc/self/mountinfo")), Files.readAllLines(Path.of("/proc/self/cgroup")));
        var writable = mounts.stream()
                .filter(mount -> mount.controllers().contains("pids") || mount.unified())
                .map(CgroupMount::point)
                .filter(Files::isWritable)
                .findFirst();
        assumeTrue(writable.isPresent(), "this user may not make control groups");
        return writable.get();
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }
}
