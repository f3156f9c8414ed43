package dev.sandbridge.provider.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * The control groups of one running sandbox: one per controller in version 1, one for all in version 2, none where this
 * machine offers none.
 */
final class Cgroup {
    private static final Duration REMOVAL = Duration.ofSeconds(10);
    private static final long PAUSE = Duration.ofMillis(2).toNanos();

    private final List<Path> directories;

    Cgroup(List<Path> directories) {
        this.directories = List.copyOf(directories);
    }

    /** What a process joins. */
    List<Path> directories() {
        return directories;
    }

    /** How often the kernel has ended a process here because memory was short. */
    long outOfMemoryKills() {
        long kills = 0;
        for (Path directory : directories) {
            kills += counter(directory.resolve("memory.oom_control"), "oom_kill ");
            kills += counter(directory.resolve("memory.events"), "oom_kill ");
        }
        return kills;
    }

    private static long counter(Path file, String name) {
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(
                            line -> Long.parseLong(line.substring(name.length()).trim()))
                    .sum();
        } catch (IOException | NumberFormatException notCounted) {
            return 0;
        }
    }

    /** Ends whatever still runs here and removes the groups; fails if that takes longer than ten seconds. */
    void remove() throws IOException {
        long deadline = System.nanoTime() + REMOVAL.toNanos();
        for (Path directory : directories) {
            while (!removed(directory)) {
                if (System.nanoTime() > deadline) {
                    throw new IOException("processes in " + directory + " do not end");
                }
                killAll(directory);
                LockSupport.parkNanos(PAUSE);
            }
        }
    }

    private static boolean removed(Path directory) {
        try {
            Files.deleteIfExists(directory);
            return true;
        } catch (IOException busy) {
            return false;
        }
    }

    private static void killAll(Path directory) throws IOException {
        try {
            for (String pid : Files.readAllLines(directory.resolve("cgroup.procs"))) {
                ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
            }
        } catch (NoSuchFileException alreadyGone) {
            // Removed by whoever ended it at the same time.
        }
    }
}
