package dev.sandbridge.provider.local;

import static dev.sandbridge.provider.local.LocalSandboxes.command;
import static dev.sandbridge.provider.local.LocalSandboxes.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.process.Command;
import dev.sandbridge.provider.ProviderReport.Strength;
import dev.sandbridge.provider.SandboxHandle;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a process of a sandbox may ask of the kernel: its capabilities, and the calls that the filter lets through. */
@Timeout(180)
class LocalPrivilegesTest {
    private static final boolean AARCH64 = System.getProperty("os.arch").equals("aarch64");

    /** CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, NET_BIND_SERVICE. */
    private static final String OF_ROOT = "00000000000004fb";

    private static final String NONE = "0000000000000000";

    private static LocalSandboxes sandboxes;
    private static SandboxHandle sandbox;

    @BeforeAll
    static void create() throws IOException {
        sandboxes = new LocalSandboxes();
        sandbox = sandboxes.create();
    }

    @AfterAll
    static void remove() throws IOException {
        sandboxes.close();
    }

    @Test
    void everyCommandIsFilteredAndGainsNothingByAFile() throws IOException {
        assertThat(status(command("cat /proc/self/status")))
                .containsEntry("Seccomp", "2")
                .containsEntry("NoNewPrivs", "1");
    }

    @Test
    void rootHasTheCapabilitiesThatUsersNeedAndNoOther() throws IOException {
        String expected = sandboxes.strength("users") == Strength.NONE ? NONE : OF_ROOT;

        assertThat(status(command("cat /proc/self/status")))
                .containsEntry("CapInh", NONE)
                .containsEntry("CapPrm", expected)
                .containsEntry("CapEff", expected)
                .containsEntry("CapBnd", expected)
                .containsEntry("CapAmb", NONE);
    }

    @Test
    void anotherUserHasNoCapability() throws IOException {
        sandboxes.requireUsers();

        assertThat(status(LocalSandboxes.as("4321:4321", "cat /proc/self/status")))
                .containsEntry("CapInh", NONE)
                .containsEntry("CapPrm", NONE)
                .containsEntry("CapEff", NONE)
                .containsEntry("CapBnd", OF_ROOT)
                .containsEntry("CapAmb", NONE);
    }

    private static Map<String, String> status(Command command) throws IOException {
        return run(sandbox, command)
                .stdout()
                .lines()
                .map(line -> line.split(":\\s*", 2))
                .collect(Collectors.toMap(field -> field[0], field -> field[1]));
    }

    /**
     * With arguments to which the kernel has another answer, but to what wants a capability before it looks at them.
     * EPERM is 1, ENOSYS 38, EPROTONOSUPPORT 93, EAFNOSUPPORT 97.
     */
    @ParameterizedTest
    @CsvSource({
        "mount, 165, 40, -1 -1 -1 0 0, 1",
        "umount2, 166, 39, -1 -1, 1",
        "pivot_root, 155, 41, -1 -1, 1",
        "open_tree, 428, 428, -1 -1 -1, 1",
        "move_mount, 429, 429, -1 -1 -1 -1 -1, 1",
        "fsopen, 430, 430, -1 -1, 1",
        "fsconfig, 431, 431, -1 -1 -1 -1 -1, 1",
        "fsmount, 432, 432, -1 -1 -1, 1",
        "fspick, 433, 433, -1 -1 -1, 1",
        "mount_setattr, 442, 442, -1 -1 -1 -1 -1, 1",
        "open_tree_attr, 467, 467, -1 -1 -1 -1 -1, 1",
        "setns, 308, 268, -1 -1, 1",
        "bpf, 321, 280, -1 -1 -1, 1",
        "perf_event_open, 298, 241, -1 -1 -1 -1 -1, 1",
        "userfaultfd, 323, 282, -1, 1",
        "fanotify_init, 300, 262, -1 -1, 1",
        "init_module, 175, 105, -1 -1 -1, 1",
        "finit_module, 313, 273, -1 -1 -1, 1",
        "delete_module, 176, 106, -1 -1, 1",
        "kexec_load, 246, 104, -1 -1 -1 -1, 1",
        "reboot, 169, 142, -1 -1 -1 -1, 1",
        "swapon, 167, 224, -1 -1, 1",
        "swapoff, 168, 225, -1, 1",
        "acct, 163, 89, -1, 1",
        "quotactl, 179, 60, -1 -1 -1 -1, 1",
        "quotactl_fd, 443, 443, -1 -1 -1 -1, 1",
        "syslog, 103, 116, -1 -1 -1, 1",
        "settimeofday, 164, 170, -1 -1, 1",
        "clock_settime, 227, 112, -1 -1, 1",
        "lookup_dcookie, 212, 18, -1 -1 -1, 1",
        "open_by_handle_at, 304, 265, -1 -1 -1, 1",
        "add_key, 248, 217, -1 -1 -1 -1 -1, 38",
        "request_key, 249, 218, -1 -1 -1 -1, 38",
        "keyctl, 250, 219, -1 -1 -1 -1 -1, 38",
        "io_uring_setup, 425, 425, -1 -1, 38",
        "io_uring_enter, 426, 426, -1 -1 -1 -1 -1 -1, 38",
        "io_uring_register, 427, 427, -1 -1 -1 -1, 38",
        "clone3, 435, 435, -1 -1, 38",
        "clone: a user namespace, 56, 220, 268435968 0 0 0 0, 1",
        "unshare: a user namespace, 272, 97, 268435456, 1",
        "unshare: a time namespace, 272, 97, 128, 1",
        "prlimit64: of another process, 302, 261, 1 7 -1 0, 1",
        "ioctl: TIOCSTI, 16, 29, -1 21522 0, 1",
        "ioctl: TIOCLINUX, 16, 29, -1 21532 0, 1",
        "socket: AF_PACKET, 41, 198, 17 3 0, 97",
        "socket: AF_ALG, 41, 198, 38 5 0, 97",
        "socket: AF_VSOCK, 41, 198, 40 1 0, 97",
        "socket: netlink of the packet filter, 41, 198, 16 3 12, 93",
    })
    void aCallThatTheFilterForbidsFails(String name, int x86, int aarch64, String arguments, int errno)
            throws IOException {
        assertThat(call(AARCH64 ? aarch64 : x86, arguments)).as(name).isEqualTo(errno);
    }

    @ParameterizedTest
    @CsvSource({
        "iopl, 172, 3",
        "ioperm, 173, -1 -1 -1",
        "uselib, 134, -1",
    })
    void aCallThatOnlyX86HasFailsToo(String name, int number, String arguments) throws IOException {
        assertThat(call(number, arguments)).as(name).isEqualTo(AARCH64 ? 38 : 1);
    }

    /** Or the rest would say nothing. */
    @ParameterizedTest
    @CsvSource({
        "ioctl: TCGETS, 16, 29, -1 21505 0, 9",
        "prlimit64: of itself, 302, 261, 0 7 0 0, 0",
        "socket: AF_INET, 41, 198, 2 1 0, 0",
        "socket: netlink of routes, 41, 198, 16 3 0, 0",
    })
    void whatTheFilterDoesNotNameIsTheKernels(String name, int x86, int aarch64, String arguments, int errno)
            throws IOException {
        assertThat(call(AARCH64 ? aarch64 : x86, arguments)).as(name).isEqualTo(errno);
    }

    /** The errno of a system call that a command makes, or 0. */
    private static int call(int number, String arguments) throws IOException {
        var script = "my $result = syscall shift() + 0, map { $_ + 0 } @ARGV; print $result < 0 ? $! + 0 : 0";
        var argv = new ArrayList<>(List.of("perl", "-e", script, Integer.toString(number)));
        argv.addAll(List.of(arguments.split(" ")));
        return Integer.parseInt(run(sandbox, new Command(argv, "/workspace", Map.of(), null, false))
                .stdout());
    }
}
