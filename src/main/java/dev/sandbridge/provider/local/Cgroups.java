package dev.sandbridge.provider.local;

import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.SandboxName;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where this service may make control groups, per controller, found once. All its groups lie below one that carries
 * its own name, so that services beside each other do not meet and a later start finds what an earlier one left.
 */
final class Cgroups {
    /** Where the processes of a service go that had its version 2 group for itself; such a group must be empty. */
    private static final String SERVICE = "sandbridge-service";

    /** How deep in a hierarchy services lie at most, on systems that nest units in slices in slices. */
    private static final int DEPTH = 12;

    private final String group;
    private final List<CgroupMount> mounts;
    private final Map<Controller, Path> parents;
    private final boolean unified;

    private Cgroups(String group, List<CgroupMount> mounts, Map<Controller, Path> parents, boolean unified) {
        this.group = group;
        this.mounts = mounts;
        this.parents = Map.copyOf(parents);
        this.unified = unified;
    }

    /**
     * Looks where this process may make groups, and makes the common one.
     *
     * @param proc {@code /proc/self}, or what stands for it in a test
     * @param group name of the common group, the same at every start of one service
     */
    static Cgroups find(Path proc, String group) throws IOException {
        var mounts = CgroupMount.parse(
                Files.readAllLines(proc.resolve("mountinfo")), Files.readAllLines(proc.resolve("cgroup")));
        var versionOne = versionOne(mounts, group);
        if (!versionOne.isEmpty()) {
            return new Cgroups(group, mounts, versionOne, false);
        }
        for (CgroupMount mount : mounts) {
            if (mount.unified()) {
                return new Cgroups(group, mounts, delegated(mount.own(), group), true);
            }
        }
        return new Cgroups(group, mounts, Map.of(), false);
    }

    private static Map<Controller, Path> versionOne(List<CgroupMount> mounts, String group) {
        var parents = new EnumMap<Controller, Path>(Controller.class);
        for (Controller controller : Controller.values()) {
            mounts.stream()
                    .filter(mount -> mount.controllers().contains(controller.word()))
                    .map(mount -> mount.own().resolve(group))
                    .filter(Cgroups::canMake)
                    .findFirst()
                    .ifPresent(directory -> parents.put(controller, directory));
        }
        return parents;
    }

    boolean limit(Controller controller) {
        return parents.containsKey(controller);
    }

    /** Makes the groups of one sandbox with their limits set, or leaves none. */
    Cgroup create(SandboxName name, Limits limits) throws IOException {
        var directories = new LinkedHashSet<Path>();
        parents.values().forEach(parent -> directories.add(parent.resolve(name.text())));
        var cgroup = new Cgroup(List.copyOf(directories));
        boolean made = false;
        try {
            for (Path directory : directories) {
                Files.createDirectory(directory);
            }
            for (var parent : parents.entrySet()) {
                parent.getKey().limit(parent.getValue().resolve(name.text()), limits, unified);
            }
            made = true;
            return cgroup;
        } finally {
            if (!made) {
                cgroup.remove();
            }
        }
    }

    /**
     * Ends and removes what an earlier run of this service left, wherever in the hierarchies that run was: a service
     * that is started from a session finds itself in another group every time.
     */
    void sweep() throws IOException {
        for (CgroupMount mount : mounts) {
            if (isUsed(mount)) {
                for (Path common : named(mount.point())) {
                    new Cgroup(children(common)).remove();
                    if (!parents.containsValue(common)) {
                        new Cgroup(List.of(common)).remove();
                    }
                }
            }
        }
    }

    private boolean isUsed(CgroupMount mount) {
        return parents.values().stream().anyMatch(parent -> parent.startsWith(mount.point()));
    }

    private List<Path> named(Path point) throws IOException {
        var found = new ArrayList<Path>();
        Files.walkFileTree(point, Set.of(), DEPTH, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                if (directory.endsWith(group)) {
                    found.add(directory);
                    return FileVisitResult.SKIP_SUBTREE;
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException gone) {
                return FileVisitResult.CONTINUE;
            }
        });
        return found;
    }

    /** Removes the common groups, once no sandbox is left in them. */
    void close() {
        for (Path parent : Set.copyOf(parents.values())) {
            try {
                Files.deleteIfExists(parent);
            } catch (IOException stillInUse) {
                // The next start sweeps it.
            }
        }
    }

    private static List<Path> children(Path parent) throws IOException {
        try (var entries = Files.list(parent)) {
            return entries.filter(Files::isDirectory).toList();
        }
    }

    private static boolean canMake(Path directory) {
        try {
            Files.createDirectories(directory);
            return Files.isWritable(directory.resolve("cgroup.procs"));
        } catch (IOException refused) {
            return false;
        }
    }

    /** Version 2: hands the controllers down to the common group, as far as this process's own group has them. */
    private static Map<Controller, Path> delegated(Path own, String group) throws IOException {
        var parents = new EnumMap<Controller, Path>(Controller.class);
        Path common = own.resolve(group);
        if (!canMake(common)) {
            return parents;
        }
        var offered = Set.of(
                Files.readString(own.resolve("cgroup.controllers")).strip().split(" "));
        for (Controller controller : Controller.values()) {
            if (offered.contains(controller.word()) && handDown(own, controller) && handDown(common, controller)) {
                parents.put(controller, common);
            }
        }
        return parents;
    }

    /** The kernel refuses while processes are in the group itself; ours steps aside if it is there alone. */
    private static boolean handDown(Path group, Controller controller) {
        if (canHandDown(group, controller)) {
            return true;
        }
        try {
            String self = Long.toString(ProcessHandle.current().pid());
            if (!Files.readAllLines(group.resolve("cgroup.procs")).equals(List.of(self))) {
                return false;
            }
            Path aside = group.resolve(SERVICE);
            Files.createDirectories(aside);
            Files.writeString(aside.resolve("cgroup.procs"), self);
            return canHandDown(group, controller);
        } catch (IOException refused) {
            return false;
        }
    }

    private static boolean canHandDown(Path group, Controller controller) {
        try {
            Files.writeString(group.resolve("cgroup.subtree_control"), "+" + controller.word());
            return true;
        } catch (IOException refused) {
            return false;
        }
    }
}
