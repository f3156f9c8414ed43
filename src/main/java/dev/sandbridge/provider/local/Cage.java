package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One running cage, from its launch until its last process is gone and its control groups are removed. It ends when its
 * resident does, for whatever reason; a sandbox then gets a new one when it is needed again.
 */
final class Cage {
    /** How long the resident may take for an answer; long, because the machine may be busy. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration END = Duration.ofSeconds(5);

    /** What is kept of the launcher's words. */
    private static final int LOG = 2000;

    private final ChildProcess launcher;
    private final ResidentChannel channel;
    private final FdInputStream log;
    private final Cgroup cgroup;
    private final CompletableFuture<String> firstWords = new CompletableFuture<>();
    private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();
    private volatile long finalKills;
    private volatile boolean users;

    private Cage(ChildProcess launcher, ResidentChannel channel, FdInputStream log, Cgroup cgroup) {
        this.launcher = launcher;
        this.channel = channel;
        this.log = log;
        this.cgroup = cgroup;
        Thread.ofVirtual().name("cage-log").start(this::readLog);
        Thread.ofVirtual().name("cage-end").start(this::awaitEnd);
    }

    /**
     * Starts a cage and waits until its resident is there.
     *
     * @param arguments of {@code cage.pl}
     * @param cgroup removed when the cage ends, also when it does not even start
     * @throws IOException if it does not come up; nothing of it is left then
     */
    static Cage start(Launcher launcher, Poller poller, List<String> arguments, Cgroup cgroup)
            throws IOException, InterruptedException {
        Cage cage;
        try {
            cage = launch(launcher, poller, arguments, cgroup);
        } catch (IOException failed) {
            cgroup.remove();
            throw failed;
        }
        boolean ready = false;
        try {
            cage.users = cage.channel.awaitReady().lines().anyMatch("users=1"::equals);
            ready = true;
            return cage;
        } catch (SandboxException noResident) {
            throw new IOException("the cage did not come up: " + cage.words(), noResident);
        } finally {
            if (!ready) {
                cage.end();
            }
        }
    }

    private static Cage launch(Launcher launcher, Poller poller, List<String> arguments, Cgroup cgroup)
            throws IOException {
        try (var numbers = new Numbers()) {
            int[] control = numbers.sockets();
            int[] log = numbers.pipe();
            ChildProcess process = launcher.launch(arguments, control[1], log[1]);
            try {
                var socket = new PacketSocket(numbers.handOver(control[0]), poller);
                var channel = new ResidentChannel(socket, poller, PATIENCE);
                try {
                    var words = new FdInputStream(new Descriptor(numbers.handOver(log[0]), poller));
                    return new Cage(process, channel, words, cgroup);
                } catch (IOException failed) {
                    channel.close();
                    throw failed;
                }
            } catch (IOException failed) {
                process.kill();
                process.reap();
                throw failed;
            }
        }
    }

    ResidentChannel channel() {
        return channel;
    }

    /** Whether commands may run as any user of the sandbox's own list, root being the default. */
    boolean users() {
        return users;
    }

    boolean isAlive() {
        return channel.isOpen();
    }

    /** How often memory was short in it, also after its end. */
    long outOfMemoryKills() {
        return ended.isDone() ? finalKills : Math.max(finalKills, cgroup.outOfMemoryKills());
    }

    /** Completes when nothing of it is left; exceptionally if its control groups could not be removed. */
    CompletableFuture<@Nullable Void> ended() {
        return ended;
    }

    /** Ends everything in it and waits until nothing is left. Calling it again is harmless. */
    void end() {
        channel.end();
        if (!endedWithin(END)) {
            launcher.kill();
            if (!endedWithin(END.multipliedBy(3))) {
                throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "the sandbox's processes do not end")
                        .action("try again; a process may be waiting for a device");
            }
        }
    }

    private boolean endedWithin(Duration time) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + time.toNanos();
        try {
            while (true) {
                try {
                    ended.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                    return true;
                } catch (InterruptedException later) {
                    interrupted = true;
                } catch (TimeoutException | ExecutionException notEnded) {
                    return false;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What the launcher said when it gave up. */
    private String words() {
        try {
            return firstWords.get(END.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return "";
        } catch (ExecutionException | TimeoutException nothingSaid) {
            return "";
        }
    }

    private void readLog() {
        try (log) {
            firstWords.complete(firstWords(log));
        } catch (IOException closed) {
            firstWords.complete("");
        }
    }

    /** Reads to the end, so that a program that talks is never stopped by a full pipe; returns the beginning. */
    static String firstWords(InputStream log) throws IOException {
        var words = new String(log.readNBytes(LOG), StandardCharsets.UTF_8).strip();
        log.transferTo(OutputStream.nullOutputStream());
        return words;
    }

    private void awaitEnd() {
        try {
            launcher.reap();
            channel.close();
            finalKills = cgroup.outOfMemoryKills();
            cgroup.remove();
            ended.complete(null);
        } catch (IOException failed) {
            ended.completeExceptionally(failed);
        }
    }
}
