package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.process.Signal;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TokenTruncation;
import dev.sandbridge.sandbox.Sandboxes.Found;
import dev.sandbridge.sandbox.ToolTerminal.Ending;
import dev.sandbridge.sandbox.ToolTerminal.Fresh;
import dev.sandbridge.sandbox.Visits.Visit;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Commands for a model's tool calls, which start one, look after a while, type and look again; the rules of
 * {@link SandboxService} hold. How long a call waits limits the call, never the command.
 */
public final class ToolTerminalService {
    private final Visits visits;
    private final Commands commands;
    private final ToolTerminals table;
    private final Deadlines deadlines;
    private final Clock clock;
    private final MemoryBudget memory;

    ToolTerminalService(
            Visits visits,
            Commands commands,
            ToolTerminals table,
            Deadlines deadlines,
            Clock clock,
            MemoryBudget memory) {
        this.visits = visits;
        this.commands = commands;
        this.table = table;
        this.deadlines = deadlines;
        this.clock = clock;
        this.memory = memory;
    }

    /** Refuses a caller who may not work in the sandbox; touches nothing. */
    public void check(Caller caller, SandboxRef ref) {
        visits.check(caller, ref);
    }

    /**
     * Starts a command and answers at its end, or after the wait; revives.
     *
     * @param gone whether nobody takes the answer any more; its output is then kept for the next one
     * @throws SandboxException CAPABILITY_UNAVAILABLE for a terminal where the provider has none
     */
    public ToolAnswer start(Caller caller, SandboxRef ref, ToolCall call, ToolWait wait, BooleanSupplier gone) {
        long begin = System.nanoTime();
        try (Visit visit = visits.revive(caller, ref)) {
            Found found = visit.found();
            SandboxName sandbox = found.id().name();
            ToolTerminals.Opened opened = deadlines.quick(
                    found.state().timeouts().fastOp(),
                    "starting the command",
                    () -> table.open(sandbox, () -> started(found, call)));
            String warning = opened.open() < ToolTerminals.WARNING
                    ? null
                    : opened.open() + " of at most " + ToolTerminals.MOST + " processes are open; end some with"
                            + " DELETE .../pty/{n}, or the one that was not used for longest is ended for the next";
            var asked = new Asked(found, opened.id(), opened.terminal(), begin, warning);
            return answer(asked, wait.afterStart(), wait.maxTokens(), gone);
        } catch (InterruptedException interrupted) {
            throw Visits.interrupted(interrupted);
        }
    }

    /**
     * Types, if there is something to type, and answers with what is new at the command's end or after the wait.
     *
     * @throws SandboxException PROCESS_NOT_FOUND; CONFLICT for a command without input
     */
    public ToolAnswer write(
            Caller caller, SandboxRef ref, int process, String text, ToolWait wait, BooleanSupplier gone) {
        long begin = System.nanoTime();
        try (Visit visit = visits.enter(caller, ref)) {
            Found found = visit.found();
            ToolTerminal terminal = table.use(found.id().name(), process);
            if (!text.isEmpty()) {
                deadlines.quick(found.state().timeouts().fastOp(), "typing", () -> {
                    terminal.type(text);
                    return terminal;
                });
            }
            var asked = new Asked(found, process, terminal, begin, null);
            return answer(asked, wait.afterInput(!text.isEmpty()), wait.maxTokens(), gone);
        } catch (InterruptedException interrupted) {
            throw Visits.interrupted(interrupted);
        }
    }

    public List<ToolProcess> list(Caller caller, SandboxRef ref) {
        return visits.enter(caller, ref)
                .quickly("listing the processes", found -> table.list(found.id().name()));
    }

    /** Ends a command and everything it started, and forgets it. */
    public void end(Caller caller, SandboxRef ref, int process) {
        visits.enter(caller, ref).quickly("ending the process", found -> {
            table.end(found.id().name(), process);
            return found;
        });
    }

    /** Ends all commands of tool calls in the sandbox; harmless where there is none. */
    public void endAll(Caller caller, SandboxRef ref) {
        visits.enter(caller, ref).quickly("ending the processes", found -> {
            table.endAll(found.id().name());
            return found;
        });
    }

    /** Ends the commands that no call has asked for in so long; how many. */
    public int endIdle(Duration unused) {
        return table.endIdle(unused);
    }

    /** One call to one command. */
    private record Asked(
            Found found,
            int id,
            ToolTerminal terminal,
            long begin,
            @Nullable String warning) {}

    private ToolTerminal started(Found found, ToolCall call) {
        Command command = commands.detached(found, call.exec(), call.tty());
        Terminal terminal = call.tty()
                ? found.handle()
                        .terminals()
                        .orElseThrow(() -> new SandboxException(
                                        ErrorCode.CAPABILITY_UNAVAILABLE, "this sandbox's provider offers no terminals")
                                .action("start the command with tty false"))
                        .start(command, call.size())
                : PipedCommand.start(found.handle(), command);
        return new ToolTerminal(terminal, call.tty(), clock, memory);
    }

    private ToolAnswer answer(Asked asked, Duration yield, @Nullable Integer maxTokens, BooleanSupplier gone)
            throws InterruptedException {
        ToolTerminal terminal = asked.terminal();
        Ending end = terminal.await(yield);
        table.used(asked.found().id().name(), asked.id(), terminal);
        if (gone.getAsBoolean()) {
            return new ToolAnswer("", null, null, asked.id(), null, 0, wallTime(asked), asked.warning());
        }
        Fresh fresh = terminal.take(end != null);
        var cut = TokenTruncation.of(fresh.text(), maxTokens);
        if (end == null) {
            return new ToolAnswer(
                    cut.text(),
                    null,
                    null,
                    asked.id(),
                    cut.originalTokens(),
                    fresh.dropped(),
                    wallTime(asked),
                    asked.warning());
        }
        table.close(asked.found().id().name(), asked.id(), terminal);
        return new ToolAnswer(
                cut.text(),
                end.status(),
                end.failure(),
                null,
                cut.originalTokens(),
                fresh.dropped(),
                wallTime(asked),
                explained(asked, end.status()));
    }

    /** Adds which limit of the sandbox killed the command. */
    private static @Nullable String explained(Asked asked, @Nullable ExitStatus status) {
        String warning = asked.warning();
        if (status == null || status.code() != 128 + Signal.KILL.number()) {
            return warning;
        }
        try {
            return asked.found()
                    .handle()
                    .limitReached()
                    .map(reached -> warning == null ? reached : reached + "; " + warning)
                    .orElse(warning);
        } catch (SandboxException unknown) {
            return warning;
        }
    }

    private static Duration wallTime(Asked asked) {
        return Duration.ofNanos(System.nanoTime() - asked.begin());
    }
}
