package dev.sandbridge.provider.local;

import dev.sandbridge.provider.SandboxName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Processes of a sandbox, as the host sees them: they show it in the name of their control group, or in what their file
 * system is mounted from.
 */
record ProcessesOf(SandboxName name) {
    boolean exist() {
        return ProcessHandle.allProcesses()
                .map(process -> Path.of("/proc", Long.toString(process.pid())))
                .anyMatch(process -> mentions(process.resolve("cgroup")) || mentions(process.resolve("mountinfo")));
    }

    private boolean mentions(Path file) {
        try {
            return Files.readString(file).contains(name.text());
        } catch (IOException anotherUsersOrGone) {
            return false;
        }
    }
}
