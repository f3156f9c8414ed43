package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.provider.SandboxTerminals;
import dev.sandbridge.pty.Offsets;
import dev.sandbridge.pty.SentinelShell;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

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

    /** Tells where the record lies which processes shell and command are; before the tag. */
    private static final String NOTE = "(umask 077; echo \"$PPID $$\" > \"$1/pids\") 2> /dev/null; shift; ";

    /** How long a terminal that another service is starting is awaited. */
    private static final Duration STARTING = Duration.ofSeconds(10);

    /** More than any terminal shows. */
    private static final long FAR_AWAY = 1L << 40;

    private final DataPlane plane;
    private final Timing timing;
    private final RandomGenerator random;
    private final Clock clock;
    private final Runnable requireThere;

    BlaxelTerminals(DataPlane plane, Timing timing, RandomGenerator random, Clock clock, Runnable requireThere) {
        this.plane = plane;
        this.timing = timing;
        this.random = random;
        this.clock = clock;
        this.requireThere = requireThere;
    }

    @Override
    public Terminal start(Command command, TerminalSize size) {
        check(command);
        TerminalRecord record = fresh();
        var shell = new BlaxelShell(open(record, size, 0), plane, record);
        Command tagged = tagged(command, List.of("sh", "-c", TAG, "sh"), record.tag());
        return started(shell, SentinelShell.start(shell, tagged, record.sentinel(), PATIENCE), null);
    }

    /**
     * As the port has it. A record in the sandbox leads every service to the same shell. Several services may be at
     * one: each sees everything, what is typed at both is mixed as among viewers of one, the last size holds, and none
     * ends it for the others. Left by all, Blaxel ends it after ten minutes.
     *
     * <p>Offsets begin at a place that follows from the start, so that no viewer of an earlier command has one of
     * these. They are counted from the command's first byte where Blaxel still has that, and otherwise from the place
     * up to which a service has noted that it had read. Where neither is to be found, they go on far away.
     */
    @Override
    public Terminal attach(String name, boolean seen, Command command, TerminalSize size) {
        check(command);
        var place = new TerminalPlace(plane, name);
        TerminalRecord fresh = fresh();
        long begun = System.nanoTime();
        for (int attempt = 0; ; attempt++) {
            TerminalPlace.Found found = place.find(fresh);
            TerminalRecord record = found.record();
            if (found.state() == TerminalPlace.State.CLAIMED) {
                return begin(place, fresh, command, size);
            }
            if (found.state() == TerminalPlace.State.FULL) {
                throw new SandboxException(ErrorCode.CAPACITY_EXCEEDED, "the sandbox has " + MOST_NAMED + " terminals")
                        .action("leave the shell of one with exit, or use one of them")
                        .retry(Retry.UNKNOWN);
            }
            if (record != null && found.state() != TerminalPlace.State.STARTING) {
                Terminal there =
                        found.state() == TerminalPlace.State.LIVING ? resume(place, record, found, size) : null;
                if (there != null) {
                    return there;
                }
                place.forget(found.session());
                if (seen) {
                    throw new SandboxException(
                                    ErrorCode.EXEC_TRANSPORT_ERROR,
                                    "the terminal has ended while no service was there; how is not known")
                            .action("connect again for a new one");
                }
            } else if (isGivenUp(record, System.nanoTime() - begun)) {
                place.forget(found.session());
            }
            if (System.nanoTime() - begun > STARTING.toNanos()) {
                throw new SandboxException(ErrorCode.CAPACITY_EXCEEDED, "the terminal is just starting elsewhere")
                        .action("connect again in a moment")
                        .retry(Retry.UNKNOWN);
            }
            pause(attempt);
        }
    }

    /** Whether whoever began to start it has died of it, or something else stands in its place. */
    private boolean isGivenUp(@Nullable TerminalRecord record, long waited) {
        return record == null
                ? waited > STARTING.toNanos() / 4
                : record.startedAt().plus(PATIENCE).plus(PATIENCE).isBefore(clock.instant());
    }

    private Terminal begin(TerminalPlace place, TerminalRecord record, Command command, TerminalSize size) {
        boolean begun = false;
        try {
            var shell = new BlaxelShell(open(record, size, 0), plane, record);
            Command noted = tagged(command, List.of("sh", "-c", NOTE + TAG, "sh", place.directory()), record.tag());
            SentinelShell started = SentinelShell.start(shell, noted, record.sentinel(), PATIENCE);
            begun = true;
            var past = new Terminal.Past(record.startedAt(), Offsets.from(record.startedAt()), 0);
            return started(shell, started, new BlaxelTerminal.Lasting(place, record, past));
        } finally {
            if (!begun) {
                place.forget(record.session());
            }
        }
    }

    /** Null if the shell is none that anybody can come to. */
    private @Nullable Terminal resume(
            TerminalPlace place, TerminalRecord record, TerminalPlace.Found found, TerminalSize size) {
        TerminalSize now = found.size();
        TerminalLink link = open(record, now == null ? size : now, found.shell());
        var shell = new BlaxelShell(link, plane, record);
        boolean resumed = false;
        try {
            byte[] shown = link.output().readNBytes(link.output().available());
            int beginning = SentinelShell.beginning(shown, record.sentinel());
            if (link.isForeign() || beginning < 0 && shown.length > 0 && shown.length < TerminalReplay.SATURATED) {
                shell.kill(found.pid());
                shell.close();
                return null;
            }
            byte[] output = Arrays.copyOfRange(shown, Math.max(0, beginning), shown.length);
            long offset = offset(place, record, found.mark(), output, beginning >= 0);
            SentinelShell command = SentinelShell.resume(shell, record.sentinel(), found.pid(), output);
            resumed = true;
            var past = new Terminal.Past(record.startedAt(), offset, command.recalled());
            return started(shell, command, new BlaxelTerminal.Lasting(place, record, past));
        } catch (IOException broken) {
            throw Http.unreachable("coming back to a terminal", broken);
        } finally {
            if (!resumed) {
                shell.leave();
            }
        }
    }

    /** Of the first byte of the output that is still to be had. */
    private static long offset(
            TerminalPlace place, TerminalRecord record, TerminalMark mark, byte[] output, boolean whole) {
        long first = Offsets.from(record.startedAt());
        OptionalLong marked = mark.start(output);
        if (marked.isPresent() || whole) {
            return marked.orElse(first);
        }
        long offset = Math.max(first, mark.total()) + FAR_AWAY;
        place.mark(record, TerminalMark.of(offset + output.length, output));
        return offset;
    }

    private Terminal started(BlaxelShell shell, SentinelShell command, BlaxelTerminal.@Nullable Lasting lasting) {
        var terminal = new BlaxelTerminal(shell, command, timing, lasting);
        terminal.start();
        return terminal;
    }

    private TerminalRecord fresh() {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        long tag = random.nextLong(1L << 40, 1L << 50);
        return new TerminalRecord(plane.freshName(), SentinelShell.sentinel(random), tag, now);
    }

    private void check(Command command) {
        requireThere.run();
        if (command.user() != null) {
            throw BlaxelHandle.noUsers();
        }
    }

    private void pause(int attempt) {
        try {
            plane.pause(attempt);
        } catch (InterruptedIOException interrupted) {
            throw new SandboxException(
                    ErrorCode.EXEC_TRANSPORT_ERROR, "interrupted while a terminal was looked for", interrupted);
        }
    }

    /** @param there see {@link TerminalLink#open} */
    private TerminalLink open(TerminalRecord record, TerminalSize size, int there) {
        try {
            return TerminalLink.open(plane, timing, record.session(), size, there);
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

    /** @param script what takes the tag and becomes the command */
    private static Command tagged(Command command, List<String> script, long tag) {
        var argv = new ArrayList<>(script);
        argv.add(Long.toString(tag));
        argv.addAll(command.argv());
        var environment = new HashMap<>(command.environment());
        environment.putIfAbsent("TERM", "xterm-256color");
        return new Command(argv, command.directory(), environment, null, false);
    }
}
