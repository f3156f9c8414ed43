package dev.sandbridge.provider.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A mounted hierarchy of control groups.
 *
 * @param unified whether it is version 2
 * @param controllers those of version 1; version 2 lists its own in each group
 * @param point where it is mounted
 * @param own this process's own group in it
 */
record CgroupMount(boolean unified, Set<String> controllers, Path point, Path own) {
    /** Reads {@code mountinfo} of proc_pid_mountinfo(5) and {@code cgroup} of cgroups(7). */
    static List<CgroupMount> parse(List<String> mountinfo, List<String> membership) {
        var found = new ArrayList<CgroupMount>();
        for (String line : mountinfo) {
            int separator = line.indexOf(" - ");
            if (separator < 0) {
                continue;
            }
            var mount = line.substring(0, separator).split(" ");
            var type = line.substring(separator + 3).split(" ");
            if (mount.length >= 5 && type.length >= 3 && type[0].startsWith("cgroup")) {
                boolean unified = type[0].equals("cgroup2");
                Set<String> controllers = unified ? Set.of() : new HashSet<>(List.of(type[2].split(",")));
                path(membership, unified, controllers)
                        .map(path -> own(mount[4], mount[3], path))
                        .ifPresent(own -> found.add(new CgroupMount(unified, controllers, Path.of(mount[4]), own)));
            }
        }
        return found;
    }

    private static Optional<String> path(List<String> membership, boolean unified, Set<String> controllers) {
        return membership.stream()
                .map(entry -> entry.split(":", 3))
                .filter(entry -> entry.length == 3)
                .filter(entry -> unified
                        ? entry[1].isEmpty()
                        : List.of(entry[1].split(",")).stream().anyMatch(controllers::contains))
                .map(entry -> entry[2])
                .findFirst();
    }

    /** A container sees a part of the hierarchy only: what is mounted begins at {@code root}. */
    private static Path own(String mountPoint, String root, String path) {
        String inside = path.startsWith(root) ? path.substring(root.length()) : path;
        return Path.of(mountPoint + "/" + inside).normalize();
    }
}
