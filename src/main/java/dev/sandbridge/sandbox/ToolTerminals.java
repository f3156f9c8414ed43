package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The commands that tool calls have open, by sandbox. In memory: they end with this service, as the sandboxes'
 * processes do. Never holds its lock while a provider works.
 */
final class ToolTerminals {
    static final int MOST = 64;
    static final int WARNING = 60;
    static final int PROTECTED = 8;
    static final int FIRST_ID = 1_000;
    static final int LAST_ID = 99_999;

    private static final Logger LOG = Logger.getLogger(ToolTerminals.class.getName());

    private final Map<SandboxName, Life> bySandbox = new HashMap<>();
    private final Clock clock;
    private final RandomGenerator random;
    private long uses;

    /** Those of one life of a sandbox: a deleted sandbox that comes back has new ones. */
    private static final class Life {
        final Map<Integer, Entry> byId = new TreeMap<>();
        boolean forgotten;
    }

    /** @param use the higher the more recent, also where the clock stands still */
    private record Entry(ToolTerminal terminal, long use) {}

    /** What has been opened, and how many are open with it. */
    record Opened(int id, ToolTerminal terminal, int open) {}

    ToolTerminals(Clock clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** Starts one more. Where too many are open, one that nobody has asked for in a long time is ended for it. */
    Opened open(SandboxName sandbox, Supplier<ToolTerminal> starter) {
        Life life = life(sandbox);
        ToolTerminal fresh = starter.get();
        ToolTerminal pruned = null;
        Opened opened = null;
        synchronized (this) {
            if (!life.forgotten) {
                Integer superfluous = superfluous(life);
                pruned = superfluous == null ? null : remove(life, superfluous);
                int id = freeId(life);
                life.byId.put(id, new Entry(fresh, ++uses));
                opened = new Opened(id, fresh, life.byId.size());
            }
        }
        if (pruned != null) {
            end(pruned);
        }
        if (opened == null) {
            fresh.release();
            throw new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "the sandbox was deleted meanwhile");
        }
        return opened;
    }

    /** The command of that number, which counts as used now. */
    synchronized ToolTerminal use(SandboxName sandbox, int id) {
        Life life = bySandbox.get(sandbox);
        Entry entry = life == null ? null : life.byId.get(id);
        if (life == null || entry == null) {
            throw new SandboxException(ErrorCode.PROCESS_NOT_FOUND, "no process of this number is open in this sandbox")
                    .action("list them with GET .../ptys; a process that has ended is told once and then gone");
        }
        life.byId.put(id, new Entry(entry.terminal(), ++uses));
        entry.terminal().touch();
        return entry.terminal();
    }

    /** Counts as used now, unless it has been taken out meanwhile. */
    synchronized void used(SandboxName sandbox, int id, ToolTerminal terminal) {
        Life life = bySandbox.get(sandbox);
        terminal.touch();
        if (life != null) {
            life.byId.computeIfPresent(
                    id, (same, entry) -> entry.terminal() == terminal ? new Entry(terminal, ++uses) : entry);
        }
    }

    synchronized List<ToolProcess> list(SandboxName sandbox) {
        Life life = bySandbox.get(sandbox);
        return life == null
                ? List.of()
                : life.byId.entrySet().stream()
                        .map(entry -> entry.getValue().terminal().describe(entry.getKey()))
                        .toList();
    }

    /** Takes out one that has ended and whose last output is told. */
    void close(SandboxName sandbox, int id, ToolTerminal ended) {
        take(sandbox, id, ended);
        ended.release();
    }

    /** Ends one with all it started. It stays known if that fails. */
    void end(SandboxName sandbox, int id) {
        ToolTerminal terminal = use(sandbox, id);
        terminal.end();
        take(sandbox, id, terminal);
    }

    /** Ends all of a sandbox; those whose end fails stay known. */
    void endAll(SandboxName sandbox) {
        for (ToolProcess process : list(sandbox)) {
            try {
                end(sandbox, process.id());
            } catch (SandboxException failed) {
                if (failed.code() != ErrorCode.PROCESS_NOT_FOUND) {
                    throw failed;
                }
            }
        }
    }

    /** Ends those that nobody has asked for in so long; how many. */
    int endIdle(Duration unused) {
        Instant latest = clock.instant().minus(unused);
        List<ToolTerminal> idle = new ArrayList<>();
        synchronized (this) {
            for (Life life : bySandbox.values()) {
                life.byId.values().removeIf(entry -> {
                    boolean old = !entry.terminal().lastUsed().isAfter(latest);
                    return old && idle.add(entry.terminal());
                });
            }
        }
        idle.forEach(ToolTerminals::end);
        return idle.size();
    }

    /** Forgets a sandbox that has been deleted; its processes have ended with it. */
    void forgetAll(SandboxName sandbox) {
        Life life;
        synchronized (this) {
            life = bySandbox.remove(sandbox);
            if (life != null) {
                life.forgotten = true;
            }
        }
        if (life != null) {
            terminals(life).forEach(ToolTerminal::release);
        }
    }

    /** Ends all of them; none is opened afterwards in a life that has begun. */
    void endAll() {
        List<ToolTerminal> all = new ArrayList<>();
        synchronized (this) {
            for (Life life : bySandbox.values()) {
                life.forgotten = true;
                all.addAll(terminals(life));
            }
            bySandbox.clear();
        }
        all.forEach(ToolTerminals::end);
    }

    private synchronized Life life(SandboxName sandbox) {
        return bySandbox.computeIfAbsent(sandbox, absent -> new Life());
    }

    private synchronized void take(SandboxName sandbox, int id, ToolTerminal terminal) {
        Life life = bySandbox.get(sandbox);
        Entry entry = life == null ? null : life.byId.get(id);
        if (life != null && entry != null && entry.terminal() == terminal) {
            life.byId.remove(id);
        }
    }

    private int freeId(Life life) {
        int id = random.nextInt(FIRST_ID, LAST_ID + 1);
        while (life.byId.containsKey(id)) {
            id = random.nextInt(FIRST_ID, LAST_ID + 1);
        }
        return id;
    }

    private static @Nullable ToolTerminal remove(Life life, int id) {
        Entry entry = life.byId.remove(id);
        return entry == null ? null : entry.terminal();
    }

    /** The one to end so that another can be opened: the longest unused, one that has ended before one that runs. */
    private static @Nullable Integer superfluous(Life life) {
        if (life.byId.size() < MOST) {
            return null;
        }
        List<Integer> unprotected = life.byId.entrySet().stream()
                .sorted(Comparator.comparingLong(entry -> entry.getValue().use()))
                .limit(life.byId.size() - PROTECTED)
                .map(Map.Entry::getKey)
                .toList();
        return unprotected.stream()
                .filter(id -> {
                    Entry entry = life.byId.get(id);
                    return entry != null && entry.terminal().isEnded();
                })
                .findFirst()
                .orElseGet(unprotected::getFirst);
    }

    private static Collection<ToolTerminal> terminals(Life life) {
        return life.byId.values().stream().map(Entry::terminal).toList();
    }

    private static void end(ToolTerminal terminal) {
        try {
            terminal.end();
        } catch (RuntimeException failed) {
            LOG.log(Level.WARNING, "a tool call's command could not be ended; it ends with its sandbox", failed);
        }
    }
}
