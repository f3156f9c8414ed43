package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.provider.SandboxTerminals;
import dev.sandbridge.pty.NamedTerminal;
import dev.sandbridge.pty.Terminal;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A caller at a sandbox's terminals. The sandbox is not swept as long as it is open; closing it twice is harmless.
 */
public final class TerminalVisit implements AutoCloseable {
    private final Visits.Visit visit;
    private final Commands commands;
    private final NamedTerminals named;
    private final Deadlines deadlines;

    TerminalVisit(Visits.Visit visit, Commands commands, NamedTerminals named, Deadlines deadlines) {
        this.visit = visit;
        this.commands = commands;
        this.named = named;
        this.deadlines = deadlines;
    }

    /** Runs shell text on a terminal of its own, which the caller closes. */
    public Terminal run(String script, TerminalCall call) {
        return start(LongScript.line(script), call);
    }

    /** Starts a shell on a terminal of its own, which the caller closes. */
    public Terminal shell(TerminalCall call) {
        return start(List.of(call.shellOrStandard()), call);
    }

    /**
     * Looks at the terminal of the call's name, whose shell is started if none runs; the caller closes the answer.
     *
     * @param offset see {@link NamedTerminal#attach}
     * @throws SandboxException CAPACITY_EXCEEDED when the sandbox has too many
     */
    public NamedTerminal.Viewer attach(TerminalCall call, @Nullable Long offset) {
        Sandboxes.Found found = visit.found();
        var viewer = named.attach(
                found.id().name(),
                found.handle().spec().createdAt(),
                call.name(),
                offset,
                () -> named(call, offset != null && offset > 0));
        boolean attached = false;
        try {
            if (call.size() != null) {
                viewer.resize(call.size());
            }
            attached = true;
            return viewer;
        } finally {
            if (!attached) {
                viewer.close();
            }
        }
    }

    @Override
    public void close() {
        visit.close();
    }

    private Terminal start(List<String> argv, TerminalCall call) {
        return open(argv, call, (at, command) -> at.start(command, call.sizeOrStandard()));
    }

    /** @param seen whether the caller says how much of its output it has */
    private Terminal named(TerminalCall call, boolean seen) {
        return open(
                List.of(call.shellOrStandard()),
                call,
                (at, command) -> at.attach(call.name(), seen, command, call.sizeOrStandard()));
    }

    private Terminal open(
            List<String> argv, TerminalCall call, BiFunction<SandboxTerminals, Command, Terminal> opening) {
        Sandboxes.Found found = visit.found();
        SandboxTerminals terminals = found.handle().terminals().orElseThrow(() -> new SandboxException(
                        ErrorCode.CAPABILITY_UNAVAILABLE, "this sandbox's provider offers no terminals")
                .action("run the command with POST .../exec"));
        return deadlines.quick(
                found.state().timeouts().fastOp(),
                "starting the terminal",
                () -> opening.apply(terminals, commands.onTerminal(found, argv, call)));
    }
}
