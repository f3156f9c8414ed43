package dev.sandbridge.provider.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What this machine offers for sandboxes, looked up once.
 *
 * @param problem why no sandbox can be made, with what to do; null when one can
 * @param ids how user ids inside relate to those outside
 * @param mkfs path of mkfs.ext4 where a sandbox's disk can be a file system of its own, else null
 * @param natProblem why network nat is not offered, with what to do; null where it is
 * @param openFiles the most files that a process of a sandbox may have open
 */
record Machine(
        @Nullable String problem,
        Ids ids,
        String perl,
        @Nullable String mkfs,
        @Nullable String natProblem,
        long openFiles) {
    /** How user ids inside relate to those outside. */
    enum Ids {
        /** The service is root: every sandbox has a range of host ids of its own. */
        RANGE,
        /** An ordinary user with subordinate ids: all sandboxes share them. */
        SUBID,
        /** An ordinary user: one user inside. */
        SINGLE
    }

    private static final List<String> PATH =
            List.of("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin");

    private static final Path TUN = Path.of("/dev/net/tun");
    private static final long MOST_OPEN_FILES = 65_536;
    private static final long ALL_IDS = 4_294_967_295L;

    static Machine look() {
        if (!System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux")) {
            return without("local sandboxes need Linux; use another provider on this machine");
        }
        var perl = find("perl");
        var bubblewrap = find("bwrap");
        if (perl.isEmpty() || bubblewrap.isEmpty()) {
            return without("bubblewrap and perl are not installed; on Debian: apt-get install bubblewrap perl-base");
        }
        try {
            boolean root = uid() == 0;
            if (root && !mapsAllIds()) {
                return without("the service is root of a container without enough user ids of its own;"
                        + " run it on the host, or as an ordinary user");
            }
            var ids = root ? Ids.RANGE : hasSubordinateIds() ? Ids.SUBID : Ids.SINGLE;
            return new Machine(
                    namespaceProblem(bubblewrap.get()),
                    ids,
                    perl.get(),
                    root ? findMkfs() : null,
                    findNatProblem(),
                    mostOpenFiles());
        } catch (IOException unreadable) {
            return without("/proc cannot be read: " + unreadable.getMessage());
        }
    }

    /** Whether a sandbox's disk is a file system of its own. */
    boolean hasDisks() {
        return mkfs != null;
    }

    /** Translators make the sandbox's interface with that device, which some systems keep for root. */
    private static @Nullable String findNatProblem() {
        if (find("slirp4netns").isEmpty() && find("pasta").isEmpty()) {
            return "no address translator is installed; install slirp4netns or passt";
        }
        try {
            FileChannel.open(TUN, StandardOpenOption.READ, StandardOpenOption.WRITE)
                    .close();
            return null;
        } catch (IOException refused) {
            return "this user cannot open " + TUN + "; load the kernel module tun, and let the user (chmod 666 " + TUN
                    + ", as most systems have it)";
        }
    }

    private static Machine without(String problem) {
        return new Machine(problem, Ids.SINGLE, "", null, problem, 0);
    }

    private static Optional<String> find(String program) {
        return PATH.stream()
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .findFirst();
    }

    private static @Nullable String findMkfs() {
        return Files.exists(Path.of("/dev/loop-control")) ? find("mkfs.ext4").orElse(null) : null;
    }

    private static int uid() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    private static boolean mapsAllIds() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/uid_map")).stream()
                .map(line -> line.strip().split(" +"))
                .anyMatch(map -> map[0].equals("0") && Long.parseLong(map[2]) >= ALL_IDS);
    }

    private static boolean hasSubordinateIds() throws IOException {
        return find("newuidmap").isPresent()
                && find("newgidmap").isPresent()
                && hasRange(Path.of("/etc/subuid"))
                && hasRange(Path.of("/etc/subgid"));
    }

    private static boolean hasRange(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            return false;
        }
        String name = System.getProperty("user.name");
        String uid = Integer.toString(uid());
        return Files.readAllLines(file).stream()
                .anyMatch(line -> line.startsWith(name + ":") || line.startsWith(uid + ":"));
    }

    /** The hard limit of this process, which nothing in a sandbox can exceed. */
    private static long mostOpenFiles() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/limits")).stream()
                .filter(line -> line.startsWith("Max open files"))
                .map(line -> line.split(" {2,}")[2])
                .map(hard -> hard.equals("unlimited") ? MOST_OPEN_FILES : Long.parseLong(hard))
                .findFirst()
                .map(hard -> Math.min(hard, MOST_OPEN_FILES))
                .orElse(MOST_OPEN_FILES);
    }

    /** The only sure way to know is to try: kernels, distributions and containers each forbid it in their own way. */
    private static @Nullable String namespaceProblem(String bubblewrap) throws IOException {
        var probe = new ProcessBuilder(
                        bubblewrap,
                        "--unshare-user",
                        "--unshare-pid",
                        "--unshare-net",
                        "--ro-bind",
                        "/",
                        "/",
                        "--proc",
                        "/proc",
                        "true")
                .redirectErrorStream(true)
                .start();
        try (var output = probe.getInputStream()) {
            probe.getOutputStream().close();
            var text = new String(output.readNBytes(1000), StandardCharsets.UTF_8).strip();
            if (probe.waitFor(20, TimeUnit.SECONDS) && probe.exitValue() == 0) {
                return null;
            }
            return "this machine does not let the service make namespaces (" + text + "); allow unprivileged user"
                    + " namespaces (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces > 0,"
                    + " kernel.apparmor_restrict_unprivileged_userns=0), or give the container the rights to make them";
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "looking whether namespaces can be made was interrupted; try again";
        } finally {
            probe.destroyForcibly();
        }
    }
}
