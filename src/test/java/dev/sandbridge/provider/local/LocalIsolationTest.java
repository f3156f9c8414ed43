package dev.sandbridge.provider.local;

import static dev.sandbridge.provider.local.LocalSandboxes.command;
import static dev.sandbridge.provider.local.LocalSandboxes.run;
import static dev.sandbridge.provider.local.LocalSandboxes.sh;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.provider.ProviderReport.Strength;
import dev.sandbridge.provider.SandboxHandle;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks from inside, each of which must fail. */
@Timeout(180)
class LocalIsolationTest {
    private static LocalSandboxes sandboxes;
    private static SandboxHandle sandbox;
    private static SandboxHandle neighbour;

    @BeforeAll
    static void create() throws IOException {
        sandboxes = new LocalSandboxes();
        sandbox = sandboxes.create();
        neighbour = sandboxes.create();
    }

    @AfterAll
    static void remove() throws IOException {
        sandboxes.close();
    }

    @Test
    void filesOfTheHostAreNotThere() throws IOException {
        Path secret = Files.writeString(Files.createTempFile("host", "secret"), "hostsecret");
        try {
            assertThat(sh(sandbox, "cat " + secret).code()).isNotZero();
            assertThat(sh(sandbox, "ls " + sandboxes.data).code()).isNotZero();
            assertThat(sh(sandbox, "ls -A " + System.getProperty("user.dir")).stdout())
                    .isEmpty();
            assertThat(sh(sandbox, "grep -rs hostsecret /tmp /home /root /var /mnt /media /srv /opt /run")
                            .stdout())
                    .isEmpty();
        } finally {
            Files.delete(secret);
        }
    }

    @Test
    void accountsOfTheHostAreNotThere() throws IOException {
        assertThat(sh(sandbox, "cat /etc/shadow 2>/dev/null | grep -v ':[*!]*:' | grep -v ^$")
                        .stdout())
                .isEmpty();
        assertThat(sh(sandbox, "cat /etc/passwd").stdout()).isNotEqualTo(Files.readString(Path.of("/etc/passwd")));
    }

    @Test
    void theServicesEnvironmentIsNotThere() throws IOException {
        assertThat(sh(sandbox, "env | cut -d= -f1 | sort").stdout().lines())
                .containsOnly("HOME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "USER");
        assertThat(sh(sandbox, "cat /proc/1/environ").stdout()).isEmpty();
    }

    @Test
    void processesOfTheHostAreNotThere() throws IOException {
        assertThat(sh(sandbox, "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'").stdout())
                .doesNotContain("java")
                .contains("sandbridge");
        assertThat(Integer.parseInt(
                        sh(sandbox, "ls -d /proc/[0-9]* | wc -l").stdout().strip()))
                .isLessThan(30);
    }

    @Test
    void loopbackServicesOfTheHostAreOutOfReach() throws IOException {
        sandboxes.requireHard("network none");
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var attack = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/" + server.getLocalPort() + "'";

            assertThat(sh(sandbox, attack).code()).isNotZero();
            assertThat(sh(sandbox, "cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' '")
                            .stdout())
                    .isEqualTo("lo\n");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/proc/sys/kernel/core_pattern",
                "/proc/sys/kernel/hostname",
                "/proc/sys/vm/overcommit_memory",
                "/proc/sys/net/ipv4/ip_forward",
                "/proc/sys/user/max_user_namespaces",
                "/proc/sysrq-trigger",
                "/proc/irq/default_smp_affinity",
            })
    void settingsOfTheKernelCannotBeWritten(String file) throws IOException {
        assertThat(sh(sandbox, "printf 1 > " + file).code()).isNotZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/loop0"})
    void memoryAndDisksOfTheHostCannotBeRead(String file) throws IOException {
        assertThat(sh(sandbox, "head -c 1 " + file).stdout()).isEmpty();
    }

    /** A disk, the machine's memory, and one that does no harm. */
    @ParameterizedTest
    @ValueSource(strings = {"b 254 0", "c 1 1", "c 1 5"})
    void deviceFilesCannotBeMade(String device) throws IOException {
        assertThat(sh(sandbox, "mknod device " + device).code()).isNotZero();
        assertThat(sh(sandbox, "ls device").code()).isNotZero();
    }

    @Test
    void theControlsOfTheHostAreNotThere() throws IOException {
        assertThat(sh(sandbox, "ls /sys/class /sys/fs/cgroup /sys/kernel").stdout())
                .isEmpty();
        assertThat(sh(sandbox, "grep -E 'cgroup|sysfs|debugfs|securityfs' /proc/self/mounts")
                        .stdout())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "touch /usr/bin/evil",
                "rm -f /usr/bin/env",
                "mount -t tmpfs none /mnt",
                "mount -o remount,rw /usr",
                "umount /usr",
                "umount /proc/sys",
                "unshare -U true",
                "unshare -m true",
                "nsenter -t 1 -m true",
                "chroot / true",
                "hostname evil",
                "date -s 2000-01-01",
                "dmesg",
            })
    void whatOnlyARealRootMayDoFails(String attack) throws IOException {
        assertThat(sh(sandbox, attack).code()).isNotZero();
    }

    @Test
    void otherSandboxesAreOutOfReach() throws Exception {
        sh(neighbour, "echo private > secret; echo private > /tmp/secret; echo private > /dev/shm/secret");
        var serve = "perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(LocalAddr=>\"127.0.0.1\",LocalPort=>18080,"
                + "Listen=>1) or die; syswrite STDOUT,\"up\\n\"; $s->accept'";
        try (var server = neighbour.start(command(serve))) {
            assertThat(server.stdout().readNBytes(3)).asString().isEqualTo("up\n");

            assertThat(sh(sandbox, "bash -c 'exec 3<>/dev/tcp/127.0.0.1/18080'").code())
                    .isNotZero();
            assertThat(sh(sandbox, "cat secret /tmp/secret /dev/shm/secret; cat /proc/[0-9]*/cmdline")
                            .stdout())
                    .doesNotContain("private")
                    .doesNotContain("18080");
            assertThat(server.exit()).isNotDone();
            server.kill();
        }
    }

    @Test
    void theControlChannelIsOutOfReach() throws IOException {
        assertThat(sh(sandbox, "for f in /proc/1/fd/*; do readlink $f; cat $f; echo x > $f; done")
                        .stdout())
                .isEmpty();
        assertThat(sh(sandbox, "cat /proc/1/mem /proc/1/maps").stdout()).isEmpty();
        assertThat(sh(sandbox, "ls -l /proc/self/fd").stdout()).doesNotContain("socket");
        assertThat(sh(sandbox, "cat /proc/net/unix | tail -n +2").stdout()).doesNotContain("@");
        assertThat(sh(sandbox, "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c socket")
                        .stdout())
                .isEqualTo("0\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"KILL", "STOP", "TERM", "HUP", "INT", "USR1", "SEGV", "ALRM"})
    void theResidentTakesNoSignals(String signal) throws IOException {
        sh(sandbox, "kill -" + signal + " 1");

        assertThat(sh(sandbox, "echo alive").stdout()).isEqualTo("alive\n");
    }

    @Test
    void killingEverythingEndsTheAttackerOnly() throws Exception {
        try (var bystander = neighbour.start(command("sleep 1000"))) {
            sh(sandbox, "kill -9 -1");

            assertThat(sh(sandbox, "echo alive").stdout()).isEqualTo("alive\n");
            assertThat(bystander.exit()).isNotDone();
            bystander.kill();
        }
    }

    @Test
    void aProcessThatPretendsToBeAnotherCommandsIsKilledWithItsOwn() throws Exception {
        var pretend = "ulimit -x 1000 2>/dev/null; (setsid sleep 1000 &); echo begun; sleep 1000";
        try (var running = sandbox.start(command("exec bash -c '" + pretend + "'"))) {
            assertThat(running.stdout().readNBytes(6)).asString().isEqualTo("begun\n");
            running.kill();
            assertThat(running.exit().get(10, TimeUnit.SECONDS).code()).isEqualTo(137);
        }
        assertThat(sh(sandbox, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout())
                .doesNotContain("sleep 1000");
    }

    @Test
    void usersOfTheSandboxAreItsOwn() throws IOException {
        sandboxes.requireUsers();
        assertThat(sh(sandbox, "useradd -m agent && sudo -u agent sh -c 'id -un; touch ~/mine'")
                        .stdout())
                .isEqualTo("agent\n");

        var asAgent = run(sandbox, LocalSandboxes.as("agent", "id -un; echo $HOME; cat /etc/shadow; touch /root/x"));
        assertThat(asAgent.stdout()).isEqualTo("agent\n/home/agent\n");
        assertThat(sh(sandbox, "su - agent -c whoami").stdout()).isEqualTo("agent\n");
        assertThat(sh(neighbour, "id agent").code()).isNotZero();
        assertThat(Files.readString(Path.of("/etc/passwd"))).doesNotContain("agent:");
    }

    @Test
    void aSetUserIdProgramGivesNothingOfTheHost() throws IOException {
        assertThat(sh(sandbox, "cp /usr/bin/id setid && chmod 6755 setid && chmod 755 .")
                        .code())
                .isZero();
        boolean users = sandboxes.strength("users") != Strength.NONE;

        assertThat(run(sandbox, LocalSandboxes.as(users ? "4321:4321" : null, "./setid"))
                        .stdout())
                .startsWith(users ? "uid=4321 gid=4321" : "uid=1000")
                .doesNotContain("euid", "egid");
        assertThat(sh(sandbox, "cat /proc/self/status | grep -E 'CapEff|CapBnd'")
                        .stdout())
                .doesNotContain("1ffffffffff")
                .doesNotContain("3ffffffffff");
        assertThat(sh(sandbox, "cat /proc/self/uid_map | tr -s ' '").stdout()).doesNotContain("0 0 4294967295");
    }
}
