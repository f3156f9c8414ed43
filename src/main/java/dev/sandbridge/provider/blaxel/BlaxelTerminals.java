package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.provider.SandboxTerminals;
import dev.sandbridge.pty.SentinelShell;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Terminals of one sandbox at Blaxel, which offers a shell and tells neither its end nor an exit code: each terminal
 * has a shell of its own, which {@link SentinelShell} replaces by the command.
 */
final class BlaxelTerminals implements SandboxTerminals {
    /** A sandbox in standby wakes up first. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** The tag is a limit that Linux ignores and every descendant inherits. */
    private static final String TAG =
            "ulimit -w \"$1\" 2> /dev/null || ulimit -x \"$1\" 2> /dev/null; shift; exec \"$@\"";

    private final DataPlane plane;
    private final Timing timing;
    private final RandomGenerator random;
    private final Runnable requireThere;

    BlaxelTerminals(DataPlane plane, Timing timing, RandomGenerator random, Runnable requireThere) {
        this.plane = plane;
        this.timing = timing;
        this.random = random;
        this.requireThere = requireThere;
    }

    @Override
    public Terminal start(Command command, TerminalSize size) {
        requireThere.run();
        if (command.user() != null) {
            throw BlaxelHandle.noUsers();
        }
        long tag = random.nextLong(1L << 40, 1L << 50);
        var shell = new BlaxelShell(open(size), plane, tag);
        var terminal =
                new BlaxelTerminal(shell, SentinelShell.start(shell, tagged(command, tag), random, PATIENCE), timing);
        terminal.start();
        return terminal;
    }

    private TerminalLink open(TerminalSize size) {
        try {
            return TerminalLink.open(plane, timing, plane.freshName(), size);
        } catch (Refused refused) {
            if (refused.refusal().party() == Refusal.Party.SANDBOX_ROUTER) {
                throw new SandboxException(ErrorCode.CAPABILITY_UNAVAILABLE, "this sandbox's image has no terminals")
                        .action("use an image without DISABLE_TERMINAL, or commands without a terminal");
            }
            throw refused.failure();
        } catch (IOException broken) {
            throw Http.unreachable("opening a terminal", broken);
        }
    }

    private static Command tagged(Command command, long tag) {
        var argv = new ArrayList<>(List.of("sh", "-c", TAG, "sh", Long.toString(tag)));
        argv.addAll(command.argv());
        var environment = new HashMap<>(command.environment());
        environment.putIfAbsent("TERM", "xterm-256color");
        return new Command(argv, command.directory(), environment, null, false);
    }
}
