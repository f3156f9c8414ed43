package dev.sandbridge.sandbox;

import dev.sandbridge.owner.Caller;
import java.time.Duration;

/** Terminals; the rules of {@link SandboxService} hold. */
public final class TerminalService {
    private final Visits visits;
    private final Commands commands;
    private final NamedTerminals named;
    private final Deadlines deadlines;

    TerminalService(Visits visits, Commands commands, NamedTerminals named, Deadlines deadlines) {
        this.visits = visits;
        this.commands = commands;
        this.named = named;
        this.deadlines = deadlines;
    }

    /** Refuses a caller who may not work in the sandbox; touches nothing, so that it can be asked before a promise. */
    public void check(Caller caller, SandboxRef ref) {
        visits.check(caller, ref);
    }

    /** Enters for as long as the answer is open; revives. */
    public TerminalVisit enter(Caller caller, SandboxRef ref) {
        return new TerminalVisit(visits.revive(caller, ref), commands, named, deadlines);
    }

    /** Ends the named terminals that nobody has looked at for so long; how many. */
    public int endIdle(Duration unwatched) {
        return named.endIdle(unwatched);
    }
}
