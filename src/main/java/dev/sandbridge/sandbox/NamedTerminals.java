package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.process.OutputRing;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxTerminals;
import dev.sandbridge.pty.NamedTerminal;
import dev.sandbridge.pty.Offsets;
import dev.sandbridge.pty.Terminal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The terminals that have names, by sandbox, as far as this service knows them. Those of a provider whose terminals
 * live there are left to the next service, or to another one behind the same address; the others end with this one, as
 * the sandboxes' processes do.
 *
 * <p>Never holds its own lock while a provider works, only that of the name in question.
 */
final class NamedTerminals {
    static final int MOST = SandboxTerminals.MOST_NAMED;

    /** What the contract replays. */
    static final int SCROLLBACK = 256 * 1024;

    private static final Logger LOG = Logger.getLogger(NamedTerminals.class.getName());

    /** Of so many deleted sandboxes it is known how far their terminals' offsets had come. */
    private static final int FORMER = 1000;

    private final Map<SandboxName, Names> bySandbox = new HashMap<>();
    private final Map<SandboxName, Long> former = new LinkedHashMap<>();
    private final Clock clock;
    private final MemoryBudget memory;
    private final Instant begun;

    /** Those of one life of a sandbox: a deleted sandbox that comes back has new ones. */
    private static final class Names {
        final Map<String, Slot> byName = new HashMap<>();
        boolean forgotten;
        /** No offset of a terminal that is not known any more lies behind this. */
        long past;

        Names(long past) {
            this.past = past;
        }
    }

    /** One name. Who changes it holds its lock. */
    private static final class Slot {
        final Names names;
        final ReentrantLock lock = new ReentrantLock();
        volatile @Nullable NamedTerminal terminal;
        volatile boolean gone;

        Slot(Names names) {
            this.names = names;
        }
    }

    NamedTerminals(Clock clock, MemoryBudget memory) {
        this.clock = clock;
        this.memory = memory;
        this.begun = clock.instant();
    }

    /**
     * Looks at a terminal; starts one if there is none under this name, or its command has ended. Who comes back with
     * an offset first gets the end that nobody has been told of yet.
     *
     * @param made when the sandbox was
     */
    NamedTerminal.Viewer attach(
            SandboxName sandbox, Instant made, String name, @Nullable Long offset, Supplier<Terminal> starter) {
        while (true) {
            Slot slot = slot(sandbox, made, name);
            slot.lock.lock();
            try {
                if (!slot.gone) {
                    return wanted(sandbox, name, offset, slot, starter).attach(offset);
                }
            } finally {
                slot.lock.unlock();
            }
        }
    }

    /**
     * Lets go of those that nobody has looked at for so long, and forgets those that have ended, unless somebody may
     * come back for the end; how many.
     */
    int endIdle(Duration unwatched) {
        Instant latest = clock.instant().minus(unwatched);
        List<NamedTerminal> idle = new ArrayList<>();
        synchronized (this) {
            bySandbox
                    .values()
                    .forEach(names -> idle.addAll(take(names, terminal -> terminal.unwatchedSince()
                            .filter(since -> terminal.isEnded() && !terminal.isOwed() || !since.isAfter(latest))
                            .isPresent())));
        }
        idle.forEach(NamedTerminals::end);
        return idle.size();
    }

    /** Forgets a sandbox that has been deleted; its processes have ended with it. */
    void forgetAll(SandboxName sandbox) {
        List<NamedTerminal> gone;
        synchronized (this) {
            Names names = bySandbox.remove(sandbox);
            gone = names == null ? List.of() : forget(names);
            if (names != null && names.past > 0) {
                former.put(sandbox, names.past);
                if (former.size() > FORMER) {
                    former.remove(former.keySet().iterator().next());
                }
            }
        }
        gone.forEach(NamedTerminal::release);
    }

    /** Lets go of all of them, at once: each may take a call. */
    void endAll() {
        List<NamedTerminal> all = new ArrayList<>();
        synchronized (this) {
            bySandbox.values().forEach(names -> all.addAll(forget(names)));
            bySandbox.clear();
        }
        try (var calls = Executors.newVirtualThreadPerTaskExecutor()) {
            all.forEach(terminal -> calls.execute(() -> end(terminal)));
        }
    }

    private NamedTerminal wanted(
            SandboxName sandbox, String name, @Nullable Long offset, Slot slot, Supplier<Terminal> starter) {
        NamedTerminal known = slot.terminal;
        if (known != null && (!known.isEnded() || offset != null && offset <= known.total() && known.isOwed())) {
            return known;
        }
        boolean kept = false;
        try {
            Terminal terminal = starter.get();
            long before = known == null ? past(slot) : known.total();
            long first = terminal.past().map(Terminal.Past::offset).orElse(before);
            var fresh = new NamedTerminal(terminal, new OutputRing(SCROLLBACK, memory, first), clock);
            if (known != null) {
                known.retire();
            }
            slot.terminal = fresh;
            kept = true;
            if (isForgotten(slot)) {
                fresh.release();
                throw new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "the sandbox was deleted meanwhile");
            }
            return fresh;
        } finally {
            if (!kept && known == null) {
                drop(sandbox, name, slot);
            }
        }
    }

    private synchronized Slot slot(SandboxName sandbox, Instant made, String name) {
        Names names = bySandbox.computeIfAbsent(sandbox, absent -> new Names(past(sandbox, made)));
        Slot known = names.byName.get(name);
        if (known != null) {
            return known;
        }
        for (boolean owed : new boolean[] {false, true}) {
            if (names.byName.size() >= MOST) {
                take(names, terminal -> terminal.isEnded() && terminal.isOwed() == owed && isUnwatched(terminal))
                        .forEach(NamedTerminal::release);
            }
        }
        if (names.byName.size() >= MOST) {
            throw new SandboxException(
                            ErrorCode.CAPACITY_EXCEEDED, "the sandbox has " + MOST + " named terminals already")
                    .action("leave the shell of one with exit, or use one of them")
                    .retry(Retry.UNKNOWN);
        }
        var slot = new Slot(names);
        names.byName.put(name, slot);
        return slot;
    }

    private synchronized long past(Slot slot) {
        return slot.names.past;
    }

    /** Behind all offsets that viewers may have from a service before this one, or from the sandbox's life before. */
    private long past(SandboxName sandbox, Instant made) {
        Long life = former.remove(sandbox);
        return life != null ? life : made.isBefore(begun) ? Offsets.from(clock.instant()) : 0;
    }

    private synchronized boolean isForgotten(Slot slot) {
        return slot.names.forgotten;
    }

    /** Forgets a name under which nothing could be started. */
    private synchronized void drop(SandboxName sandbox, String name, Slot slot) {
        slot.gone = true;
        slot.names.byName.remove(name, slot);
        if (slot.names.byName.isEmpty() && slot.names.past == 0) {
            bySandbox.remove(sandbox, slot.names);
        }
    }

    /** Takes those out that nobody is just coming to look at. */
    private static List<NamedTerminal> take(Names names, Predicate<NamedTerminal> wanted) {
        List<NamedTerminal> taken = new ArrayList<>();
        for (Iterator<Slot> slots = names.byName.values().iterator(); slots.hasNext(); ) {
            Slot slot = slots.next();
            if (slot.lock.tryLock()) {
                try {
                    NamedTerminal terminal = slot.terminal;
                    if (terminal != null && wanted.test(terminal)) {
                        slot.gone = true;
                        slots.remove();
                        taken.add(terminal);
                        names.past = Math.max(names.past, terminal.total());
                    }
                } finally {
                    slot.lock.unlock();
                }
            }
        }
        return taken;
    }

    private static boolean isUnwatched(NamedTerminal terminal) {
        return terminal.unwatchedSince().isPresent();
    }

    private static List<NamedTerminal> forget(Names names) {
        names.forgotten = true;
        List<NamedTerminal> all = new ArrayList<>();
        for (Slot slot : names.byName.values()) {
            slot.gone = true;
            NamedTerminal terminal = slot.terminal;
            if (terminal != null) {
                all.add(terminal);
                names.past = Math.max(names.past, terminal.total());
            }
        }
        return all;
    }

    private static void end(NamedTerminal terminal) {
        try {
            terminal.close();
        } catch (RuntimeException failed) {
            LOG.log(Level.WARNING, "an idle terminal could not be ended; it ends with its sandbox", failed);
        }
    }
}
