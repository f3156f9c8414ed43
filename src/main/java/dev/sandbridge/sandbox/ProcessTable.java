package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxName;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The processes that outlive calls, by sandbox. In memory: they end with this service, as the sandboxes' processes do.
 * Ended ones are remembered until there are too many; then the one that ended first is forgotten.
 */
final class ProcessTable {
    private static final int MAX_RUNNING = 64;
    private static final int MAX_KNOWN = 128;

    private final Map<SandboxName, Processes> bySandbox = new HashMap<>();
    private final Clock clock;

    private static final class Processes {
        final Map<String, BackgroundProcess> byId = new LinkedHashMap<>();
        long started;
    }

    ProcessTable(Clock clock) {
        this.clock = clock;
    }

    /** Starts one more; refused before it is started when too many run. */
    synchronized BackgroundProcess start(
            SandboxName sandbox, @Nullable String label, Supplier<RunningCommand> starter) {
        var processes = bySandbox.computeIfAbsent(sandbox, name -> new Processes());
        long running = processes.byId.values().stream()
                .filter(process -> process.info().isRunning())
                .count();
        if (running >= MAX_RUNNING) {
            throw new SandboxException(
                            ErrorCode.CAPACITY_EXCEEDED, "the sandbox runs " + MAX_RUNNING + " processes already")
                    .action("end one with DELETE .../processes/{id}");
        }
        var id = "p" + (processes.started + 1);
        var process = new BackgroundProcess(id, starter.get(), label, clock);
        processes.started++;
        processes.byId.put(id, process);
        if (processes.byId.size() > MAX_KNOWN) {
            processes.byId.values().stream()
                    .map(BackgroundProcess::info)
                    .filter(info -> !info.isRunning())
                    .min(Comparator.comparing(info -> info.endedAt() == null ? info.startedAt() : info.endedAt()))
                    .ifPresent(info -> remove(processes, info.id()));
        }
        return process;
    }

    synchronized List<BackgroundProcess> list(SandboxName sandbox) {
        var processes = bySandbox.get(sandbox);
        return processes == null ? List.of() : new ArrayList<>(processes.byId.values());
    }

    synchronized BackgroundProcess get(SandboxName sandbox, String id) {
        var processes = bySandbox.get(sandbox);
        var process = processes == null ? null : processes.byId.get(id);
        if (process == null) {
            throw new SandboxException(ErrorCode.PROCESS_NOT_FOUND, "no such process in this sandbox")
                    .action("list them with GET .../processes; they are forgotten when the service restarts");
        }
        return process;
    }

    void forget(SandboxName sandbox, String id) {
        BackgroundProcess process = get(sandbox, id);
        process.end();
        synchronized (this) {
            var processes = bySandbox.get(sandbox);
            if (processes != null) {
                processes.byId.remove(id);
            }
        }
    }

    /** Forgets a sandbox that is being deleted; its processes end with it. */
    synchronized void forgetAll(SandboxName sandbox) {
        var processes = bySandbox.remove(sandbox);
        if (processes != null) {
            processes.byId.values().forEach(BackgroundProcess::end);
        }
    }

    private static void remove(Processes processes, String id) {
        BackgroundProcess gone = processes.byId.remove(id);
        if (gone != null) {
            gone.end();
        }
    }
}
