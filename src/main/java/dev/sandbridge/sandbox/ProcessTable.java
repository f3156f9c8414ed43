package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxName;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
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
 * Ended ones are remembered until there are too many; then the one that ended first is forgotten. Never holds its lock
 * while a provider works.
 */
final class ProcessTable {
    static final int MAX_RUNNING = 64;
    static final int MAX_KNOWN = 128;

    private final Map<SandboxName, Processes> bySandbox = new HashMap<>();
    private final Clock clock;
    private final MemoryBudget memory;
    private long lastId;

    /** Those of one life of a sandbox: a deleted sandbox that comes back has new ones. */
    private static final class Processes {
        final Map<String, BackgroundProcess> byId = new LinkedHashMap<>();
        int starting;
        boolean forgotten;
    }

    ProcessTable(Clock clock, MemoryBudget memory) {
        this.clock = clock;
        this.memory = memory;
    }

    /** Starts one more; refused before it is started when too many run. */
    BackgroundProcess start(
            SandboxName sandbox, @Nullable String label, @Nullable Duration timeout, Supplier<RunningCommand> starter) {
        Processes processes = reserve(sandbox);
        BackgroundProcess process = null;
        try {
            process = new BackgroundProcess(nextId(), starter.get(), label, timeout, clock, memory);
        } finally {
            add(processes, process);
        }
        return process;
    }

    synchronized List<BackgroundProcess> list(SandboxName sandbox) {
        var processes = bySandbox.get(sandbox);
        return processes == null ? List.of() : List.copyOf(processes.byId.values());
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

    /** Ends a process and all it started. It stays known if that fails. */
    void forget(SandboxName sandbox, String id) {
        get(sandbox, id).end();
        synchronized (this) {
            var processes = bySandbox.get(sandbox);
            if (processes != null) {
                processes.byId.remove(id);
            }
        }
    }

    /** Forgets a sandbox that has been deleted; its processes have ended with it. */
    void forgetAll(SandboxName sandbox) {
        var gone = new ArrayList<BackgroundProcess>();
        synchronized (this) {
            var processes = bySandbox.remove(sandbox);
            if (processes != null) {
                processes.forgotten = true;
                gone.addAll(processes.byId.values());
            }
        }
        gone.forEach(BackgroundProcess::release);
    }

    private synchronized Processes reserve(SandboxName sandbox) {
        var processes = bySandbox.computeIfAbsent(sandbox, name -> new Processes());
        long running = processes.byId.values().stream()
                .filter(process -> process.info().isRunning())
                .count();
        if (running + processes.starting >= MAX_RUNNING) {
            throw new SandboxException(
                            ErrorCode.CAPACITY_EXCEEDED, "the sandbox runs " + MAX_RUNNING + " processes already")
                    .action("end one with DELETE .../processes/{id}");
        }
        processes.starting++;
        return processes;
    }

    /** @param process null if the start failed */
    private void add(Processes processes, @Nullable BackgroundProcess process) {
        BackgroundProcess superfluous = null;
        boolean deleted;
        synchronized (this) {
            processes.starting--;
            deleted = processes.forgotten;
            if (process != null && !deleted) {
                processes.byId.put(process.info().id(), process);
                superfluous = processes.byId.size() > MAX_KNOWN ? removeOldest(processes) : null;
            }
        }
        if (superfluous != null) {
            superfluous.release();
        }
        if (process != null && deleted) {
            process.release();
            throw new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "the sandbox was deleted meanwhile");
        }
    }

    /** Also unique across restarts, so that an old id never names another process. */
    private synchronized String nextId() {
        lastId = Math.max(lastId + 1, clock.millis());
        return "p" + Long.toString(lastId, Character.MAX_RADIX);
    }

    private static @Nullable BackgroundProcess removeOldest(Processes processes) {
        return processes.byId.values().stream()
                .map(BackgroundProcess::info)
                .filter(info -> !info.isRunning())
                .min(Comparator.comparing(ProcessTable::end))
                .map(info -> processes.byId.remove(info.id()))
                .orElse(null);
    }

    private static Instant end(ProcessInfo info) {
        Instant end = info.endedAt();
        return end == null ? info.startedAt() : end;
    }
}
