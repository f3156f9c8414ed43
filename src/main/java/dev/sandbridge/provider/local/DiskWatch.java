package dev.sandbridge.provider.local;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.RunningCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * Keeps the disk limit of a sandbox whose files lie in a directory of the host's own file system: measures them
 * every few seconds while it runs, from inside, where they can be read. A sandbox above its limit takes no more
 * uploads, and its processes are ended while it still grows, so that the commands that make room again can run.
 */
final class DiskWatch {
    private static final Duration PAUSE = Duration.ofSeconds(5);

    /** Of all time, how much may go into measuring: one part of so many. */
    private static final int PART_OF_TIME = 20;

    /** Most of a measurement's output that is looked at. */
    private static final int ANSWER = 64;

    private static final Command MEASURE = command(
            "/usr/bin/du",
            "-sx",
            "--block-size=1",
            "--exclude=/usr",
            "--exclude=/bin",
            "--exclude=/sbin",
            "--exclude=/lib*",
            "--exclude=/proc",
            "--exclude=/dev",
            "--exclude=/run",
            "/");

    /** Meets everything but process 1 and itself; see kill(2). */
    private static final Command KILL_ALL = command("/bin/sh", "-c", "kill -KILL -1");

    private final Function<Command, RunningCommand> sandbox;
    private volatile boolean full;
    private volatile boolean killed;

    /** @param sandbox starts a command in it */
    DiskWatch(Function<Command, RunningCommand> sandbox) {
        this.sandbox = sandbox;
    }

    private static Command command(String... argv) {
        return new Command(List.of(argv), "/", Map.of(), null, false);
    }

    boolean isFull() {
        return full;
    }

    /** Whether processes were ended since the last call. */
    boolean takeKilled() {
        boolean was = killed;
        killed = false;
        return was;
    }

    /** Returns when the cage has ended. */
    void watch(Cage cage, long limit) {
        long before = 0;
        long pause = PAUSE.toNanos();
        while (cage.isAlive()) {
            LockSupport.parkNanos(pause);
            if (!cage.isAlive()) {
                return;
            }
            long begin = System.nanoTime();
            try {
                long now = measure();
                full = now > limit;
                if (full && now >= before) {
                    killed = true;
                    run(KILL_ALL);
                }
                before = now;
            } catch (IOException | SandboxException notMeasured) {
                // Without room for one more process, or while the cage ends; the next turn measures again.
                before = 0;
            }
            pause = Math.max(PAUSE.toNanos(), (System.nanoTime() - begin) * PART_OF_TIME);
        }
    }

    private long measure() throws IOException {
        String answer = run(MEASURE);
        try {
            return Long.parseLong(answer.split("\\s", 2)[0]);
        } catch (NumberFormatException unusable) {
            throw new IOException("du answers " + answer, unusable);
        }
    }

    private String run(Command command) throws IOException {
        try (var running = sandbox.apply(command)) {
            return new String(running.stdout().readNBytes(ANSWER), StandardCharsets.US_ASCII);
        }
    }
}
