package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the directory in which a command's runner keeps its output, on a thread of its own, for as long as somebody
 * waits for what it shows: soon after news, more and more seldom in a silence.
 */
final class Watcher {
    private static final Logger LOG = Logger.getLogger(Watcher.class.getName());

    /** Most commands have ended by then and said everything; the first look would be for nothing. */
    private static final long FIRST = TimeUnit.MILLISECONDS.toNanos(120);

    private static final long SHORTEST = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long LONGEST = TimeUnit.MILLISECONDS.toNanos(500);

    private final DataPlane plane;
    private final String directory;
    private final Timing timing;
    private final SpooledOutput stdout;
    private final SpooledOutput stderr;
    private final SpooledInput stdin;
    private final ReentrantLock looking = new ReentrantLock();
    private final Thread thread = Thread.ofVirtual().name("blaxel-watch").unstarted(this::watch);
    private volatile boolean wanted;
    private volatile boolean commandEnded;
    private volatile boolean gone;
    private volatile boolean discarded;

    Watcher(DataPlane plane, String directory, Timing timing) {
        this.plane = plane;
        this.directory = directory;
        this.timing = timing;
        this.stdout = new SpooledOutput(plane, directory, "o", this::want);
        this.stderr = new SpooledOutput(plane, directory, "e", this::want);
        this.stdin = new SpooledInput(plane, directory, this::want);
    }

    void start() {
        thread.start();
    }

    SpooledOutput stdout() {
        return stdout;
    }

    SpooledOutput stderr() {
        return stderr;
    }

    SpooledInput stdin() {
        return stdin;
    }

    /** Everything there was, and nothing is left in the sandbox. */
    void told(byte[] out, byte[] err) {
        stdout.tell(out);
        stderr.tell(err);
        lose();
    }

    /** Looks once, so that what was written before the command's end is known; its children may still write. */
    void commandEnded() throws InterruptedIOException {
        stdout.uncertain(true);
        stderr.uncertain(true);
        try {
            look();
        } catch (IOException | Refused later) {
            LOG.log(Level.FINE, "output could not be looked at yet", later);
        }
        commandEnded = true;
        want();
    }

    /** Ends both streams: with a failure, or as if they were at their end where the sandbox is gone. */
    void lose(@Nullable IOException failure) {
        stdout.lose(failure);
        stderr.lose(failure);
        lose();
    }

    /** Ends both streams with a failure, and removes what is left of them. */
    void discard(IOException failure) {
        discarded = true;
        lose(failure);
    }

    /** Nobody reads any more: the runner throws the rest away, and what it kept is removed. */
    void close() {
        stdout.close();
        stderr.close();
    }

    private void lose() {
        gone = true;
        want();
    }

    private void want() {
        wanted = true;
        LockSupport.unpark(thread);
    }

    private void watch() {
        boolean outDropped = false;
        boolean errDropped = false;
        try {
            pause(FIRST, () -> gone || commandEnded || stdout.isClosed() && stderr.isClosed());
            long pause = SHORTEST;
            while (!gone) {
                outDropped = outDropped || drop(stdout, "o");
                errDropped = errDropped || drop(stderr, "e");
                if (outDropped && errDropped) {
                    break;
                }
                boolean settled = stdout.isSettled() && stderr.isSettled();
                if (!settled || stdin.isWaiting()) {
                    pause = lookQuietly() ? SHORTEST : Math.min(pause * 2, LONGEST);
                }
                awaitWish(pause);
            }
            if (!gone || discarded) {
                tidy();
            }
        } catch (InterruptedIOException stopped) {
            LOG.log(Level.FINE, "a command's output is not looked at any more", stopped);
        }
    }

    private boolean drop(SpooledOutput stream, String letter) throws InterruptedIOException {
        if (!stream.isClosed()) {
            return false;
        }
        try {
            plane.makeEmptyFile(directory + "/drop." + letter);
        } catch (InterruptedIOException interrupted) {
            throw interrupted;
        } catch (IOException | Refused | SandboxException unreachable) {
            LOG.log(Level.FINE, "output could not be let go of", unreachable);
        }
        return true;
    }

    /** The runner removes its directory when it ends after this; if it had ended before, we do. */
    private void tidy() throws InterruptedIOException {
        try {
            if (discarded || hasEnded(plane.sizes(directory))) {
                plane.remove(directory);
            }
        } catch (InterruptedIOException interrupted) {
            throw interrupted;
        } catch (IOException | Refused | SandboxException removed) {
            LOG.log(Level.FINE, "nothing is left of a command's output", removed);
        }
    }

    private static boolean hasEnded(Map<String, Long> files) {
        return files.containsKey("o.end") && files.containsKey("e.end") && files.containsKey("exit");
    }

    private boolean lookQuietly() throws InterruptedIOException {
        try {
            return look();
        } catch (InterruptedIOException interrupted) {
            throw interrupted;
        } catch (IOException unreachable) {
            return false;
        } catch (Refused refused) {
            return explain(refused.refusal());
        }
    }

    /** A directory that is gone was removed by the runner, which is about to say so; or by the command. */
    private boolean explain(Refusal refusal) {
        if (refusal.saysSandboxIsGone()) {
            lose(null);
        } else if (refusal.status() == 404 && commandEnded) {
            lose(new IOException("the command's output was removed in the sandbox"));
        }
        return false;
    }

    private boolean look() throws IOException, Refused {
        looking.lock();
        try {
            long began = System.nanoTime();
            Map<String, Long> files = plane.sizes(directory);
            boolean changed = stdout.seen(files) | stderr.seen(files);
            stdin.seen(files);
            if (commandEnded) {
                quieten(stdout, began);
                quieten(stderr, began);
            }
            return changed;
        } finally {
            looking.unlock();
        }
    }

    private void quieten(SpooledOutput stream, long began) {
        stream.uncertain(began - stream.moved() < timing.quiet().toNanos());
    }

    /** Waits so long where somebody waits for news, and otherwise until somebody does. */
    private void awaitWish(long most) throws InterruptedIOException {
        boolean awaited = stdout.isWaiting() || stderr.isWaiting() || stdin.isWaiting();
        boolean unsettled = commandEnded && !(stdout.isSettled() && stderr.isSettled());
        pause(awaited || unsettled ? most : Long.MAX_VALUE, () -> wanted || gone);
        wanted = false;
    }

    private static void pause(long nanos, BooleanSupplier enough) throws InterruptedIOException {
        long began = System.nanoTime();
        while (!enough.getAsBoolean() && System.nanoTime() - began < nanos) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while a command was watched");
            }
            LockSupport.parkNanos(nanos - (System.nanoTime() - began));
        }
    }
}
