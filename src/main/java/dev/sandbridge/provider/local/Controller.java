package dev.sandbridge.provider.local;

import dev.sandbridge.provider.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The control group controllers that limit a sandbox, and their files in both versions of control groups. */
enum Controller {
    MEMORY("memory") {
        @Override
        void limit(Path group, Limits limits, boolean unified) throws IOException {
            if (unified) {
                write(group, "memory.max", limits.memoryBytes());
                writeIfThere(group, "memory.swap.max", 0);
                writeIfThere(group, "memory.oom.group", 0);
            } else {
                write(group, "memory.limit_in_bytes", limits.memoryBytes());
                writeIfThere(group, "memory.memsw.limit_in_bytes", limits.memoryBytes());
            }
        }
    },
    PIDS("pids") {
        @Override
        void limit(Path group, Limits limits, boolean unified) throws IOException {
            write(group, "pids.max", limits.processes() + OURS);
        }
    },
    CPU("cpu") {
        @Override
        void limit(Path group, Limits limits, boolean unified) throws IOException {
            long quota = Math.max(SHORTEST_QUOTA, PERIOD * limits.cpuMillis() / 1000);
            if (unified) {
                write(group, "cpu.max", quota + " " + PERIOD);
            } else {
                write(group, "cpu.cfs_period_us", PERIOD);
                write(group, "cpu.cfs_quota_us", quota);
            }
        }
    };

    /** Bubblewrap and the resident, which the sandbox's owner has not asked for. */
    private static final int OURS = 2;

    private static final long PERIOD = 100_000;

    /** The kernel takes no quota below a millisecond. */
    private static final long SHORTEST_QUOTA = 1000;

    private final String word;

    Controller(String word) {
        this.word = word;
    }

    /** Its name in the kernel's tables. */
    String word() {
        return word;
    }

    abstract void limit(Path group, Limits limits, boolean unified) throws IOException;

    private static void write(Path group, String file, Object value) throws IOException {
        Files.writeString(group.resolve(file), value.toString());
    }

    /** Swap is not accounted for on every machine, and then there is nothing to limit. */
    private static void writeIfThere(Path group, String file, Object value) throws IOException {
        if (Files.exists(group.resolve(file))) {
            write(group, file, value);
        }
    }
}
