package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * What is typed on one terminal, over the connection of the moment. Text counts as taken when a ping behind it is
 * answered; little may be on its way, so that who types is as slow as who reads that. Nothing is typed twice.
 */
final class TerminalTyping {
    private static final Logger LOG = Logger.getLogger(TerminalTyping.class.getName());

    /** Characters that may be on their way. */
    private static final int WINDOW = 16 << 10;

    /** How long it may take until a connection that broke is known to have. */
    private static final long NOTICE = 5_000_000_000L;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable TerminalSocket socket;
    private long typed;
    private long taken;
    private boolean hungUp;
    private boolean ended;
    private boolean lost;

    /** Waits while the shell does not take it, and while there is no connection. */
    void type(String text) throws IOException {
        type(text, false);
    }

    /** Types the last words, after {@link #hangUp} too, and waits until they are taken, or so long. */
    void typeLast(String text, Duration most) throws IOException {
        type(text, true);
        lock.lock();
        try {
            long left = most.toNanos();
            while (!ended && typed > taken && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        } finally {
            lock.unlock();
        }
    }

    /** Sends what need not arrive. */
    void tell(JsonNode message) {
        TerminalSocket to;
        lock.lock();
        try {
            to = socket;
        } finally {
            lock.unlock();
        }
        try {
            if (to != null) {
                to.send(message);
            }
        } catch (IOException lost) {
            LOG.log(Level.FINE, "a message to a terminal was lost", lost);
        }
    }

    /** Lets nobody type any more. */
    void hangUp() {
        change(() -> hungUp = true);
    }

    /**
     * There is nothing to type on any more.
     *
     * @param unexpected whether the way to it is lost, and not the command over or the terminal let go of
     */
    void end(boolean unexpected) {
        change(() -> {
            ended = true;
            lost |= unexpected;
        });
    }

    void connected(TerminalSocket fresh) {
        change(() -> socket = fresh);
    }

    void disconnected() {
        change(() -> socket = null);
    }

    void answered(long ping) {
        change(() -> taken = Math.max(taken, ping));
    }

    /** What the shell has taken so far. */
    long taken() {
        lock.lock();
        try {
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** Whether something is on its way. */
    boolean isWaiting() {
        lock.lock();
        try {
            return typed > taken;
        } finally {
            lock.unlock();
        }
    }

    /** Gives up on what is on its way; whether there was anything. */
    boolean forget() {
        lock.lock();
        try {
            boolean doubtful = typed > taken;
            taken = typed;
            return doubtful;
        } finally {
            lock.unlock();
        }
    }

    private void type(String text, boolean last) throws IOException {
        TerminalSocket to = null;
        long sent;
        lock.lock();
        try {
            while (!isOver(last) && socket == null) {
                changed.await();
            }
            to = socket;
            if (isOver(last) || to == null) {
                throw new IOException("the terminal has ended");
            }
            typed += text.length();
            sent = typed;
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        } finally {
            lock.unlock();
        }
        to.send(Json.object().put("type", "input").put("data", text));
        boolean broken = isCutOff(to, sent);
        lock.lock();
        try {
            for (long left = NOTICE; broken && !ended && socket == to && left > 0; ) {
                left = changed.awaitNanos(left);
            }
            while (!isOver(last) && socket == to && typed - taken > WINDOW) {
                changed.await();
            }
            if (ended && !lost) {
                // As likely as not by what was typed.
                return;
            }
            if (isOver(last) || broken || socket != to && taken < sent) {
                throw new IOException("the connection broke; what was typed may not have arrived");
            }
        } catch (InterruptedException interrupted) {
            throw interrupted(interrupted);
        } finally {
            lock.unlock();
        }
    }

    /** Whether the connection goes before it can be asked whether what was typed is taken, as at a command's end. */
    private static boolean isCutOff(TerminalSocket to, long sent) throws IOException {
        try {
            to.ping(sent);
            return false;
        } catch (InterruptedIOException interrupted) {
            throw interrupted;
        } catch (IOException broken) {
            return true;
        }
    }

    private boolean isOver(boolean last) {
        return ended || hungUp && !last;
    }

    private void change(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static InterruptedIOException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        var interrupted = new InterruptedIOException("interrupted while typing");
        interrupted.initCause(cause);
        return interrupted;
    }
}
