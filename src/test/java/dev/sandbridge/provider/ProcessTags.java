package dev.sandbridge.provider;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongPredicate;

/**
 * Finds processes by a number that they inherit and cannot shake off: their limit of file locks, which Linux has
 * ignored since 2.4.25 and which {@code prlimit} sets.
 */
final class ProcessTags {
    private static final Path PROC = Path.of("/proc");
    private static final String LIMIT = "Max file locks";

    /** How many looks in a row that found none are enough where others start processes all the time. */
    private static final int CERTAIN = 20;

    private ProcessTags() {}

    static boolean any(LongPredicate tags) {
        return !alive(tags).isEmpty();
    }

    /** Kills every process with such a tag, whatever they start meanwhile; returns when all are gone. */
    static void kill(LongPredicate tags) {
        for (int clean = 0; clean < CERTAIN; ) {
            long forks = forks();
            var found = alive(tags);
            found.forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
            if (!found.isEmpty()) {
                clean = 0;
            } else if (forks == forks()) {
                return;
            } else {
                clean++;
            }
        }
    }

    /** How many processes this machine has started; a look at all that saw no start has missed none. */
    private static long forks() {
        for (String line : read(PROC.resolve("stat")).split("\n")) {
            if (line.startsWith("processes ")) {
                return Long.parseLong(line.substring("processes ".length()).strip());
            }
        }
        return -1;
    }

    private static List<Long> alive(LongPredicate tags) {
        var found = new ArrayList<Long>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : all) {
                if (hasTag(process, tags) && !isZombie(process)) {
                    found.add(Long.parseLong(process.getFileName().toString()));
                }
            }
        } catch (IOException impossible) {
            throw new IllegalStateException("no /proc", impossible);
        }
        return found;
    }

    private static boolean hasTag(Path process, LongPredicate tags) {
        for (String line : read(process.resolve("limits")).split("\n")) {
            if (line.startsWith(LIMIT)) {
                String soft = line.substring(LIMIT.length()).strip().split(" ")[0];
                return soft.matches("[0-9]+") && tags.test(Long.parseLong(soft));
            }
        }
        return false;
    }

    private static boolean isZombie(Path process) {
        String stat = read(process.resolve("stat"));
        int state = stat.lastIndexOf(')') + 2;
        return state >= stat.length() || stat.charAt(state) == 'Z' || stat.charAt(state) == 'X';
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }
}
