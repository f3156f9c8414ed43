package dev.sandbridge.provider.local;

import dev.sandbridge.provider.ProviderReport.Guarantee;
import dev.sandbridge.provider.ProviderReport.Strength;
import java.util.List;

/** What holds on this machine, line by line, and by what means. */
final class GuaranteeTable {
    private GuaranteeTable() {}

    static List<Guarantee> of(Machine machine, Cgroups cgroups) {
        return List.of(
                hard("host files", "a file system of its own; of this machine's only system directories, read-only"),
                hard("host processes", "a process namespace of its own"),
                memory(cgroups),
                processes(cgroups),
                cgroups.limit(Controller.CPU)
                        ? hard("cpu", "control group")
                        : none("cpu", "no control group that this service may write"),
                disk(machine),
                hard("output", "counted as the service passes it on; a command that writes more is ended"),
                soft("open files", machine.openFiles() + " per process (RLIMIT_NOFILE)"),
                hard("network none", "a network namespace of its own, with nothing in it"),
                nat(machine),
                none("network host", "this machine's own network, services on its loopback included"),
                users(machine));
    }

    private static Guarantee memory(Cgroups cgroups) {
        return cgroups.limit(Controller.MEMORY)
                ? hard("memory", "control group")
                : soft("memory", "per process (RLIMIT_DATA); no control group that this service may write");
    }

    private static Guarantee processes(Cgroups cgroups) {
        return cgroups.limit(Controller.PIDS)
                ? hard("processes", "control group")
                : soft(
                        "processes",
                        "per user of the sandbox (RLIMIT_NPROC); no control group that this service may write");
    }

    private static Guarantee disk(Machine machine) {
        return machine.hasDisks()
                ? hard("disk", "a file system of its own, in an image file that grows; the machine needs the room")
                : soft(
                        "disk",
                        "measured every few seconds, and per file (RLIMIT_FSIZE);"
                                + " a file system of its own needs root, loop devices and mkfs.ext4");
    }

    private static Guarantee nat(Machine machine) {
        String problem = machine.natProblem();
        return problem == null
                ? hard("network nat", "one of its own behind a translator, with no way to this machine's addresses")
                : none("network nat", "not offered: " + problem);
    }

    private static Guarantee users(Machine machine) {
        return switch (machine.ids()) {
            case RANGE -> hard("users", "65536 user ids of its own for every sandbox");
            case SUBID -> soft("users", "offered; all sandboxes share this user's subordinate ids on the host");
            case SINGLE ->
                none("users", "one user per sandbox; more need root, or a line in /etc/subuid and /etc/subgid");
        };
    }

    private static Guarantee hard(String subject, String how) {
        return new Guarantee(subject, Strength.HARD, how);
    }

    private static Guarantee none(String subject, String why) {
        return new Guarantee(subject, Strength.NONE, why);
    }

    private static Guarantee soft(String subject, String how) {
        return new Guarantee(subject, Strength.SOFT, how);
    }
}
