package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The way to one shell on a terminal at Blaxel, over as many connections as it takes. A lost connection is made again
 * as long as the shell lives; what was shown meanwhile comes from Blaxel's replay of the last 100 KB, and where that
 * cannot be joined to what was heard before, a line of ours among the output says so. Nothing is ever typed twice.
 *
 * <p>Blaxel keeps 64 pieces of 4096 bytes for a slow connection and drops what is more without a word. Everything is
 * taken at once here, so that only a network slower than the command loses output unseen. A piece that is shown in the
 * very moment of a new connection may come twice.
 */
final class TerminalLink implements TerminalSocket.Receiver {
    /** What one reader may leave lying. */
    static final int KEPT = 4 << 20;

    private static final Logger LOG = Logger.getLogger(TerminalLink.class.getName());
    private static final String REPLAY = "\u001b[0m";
    private static final String SHELL = "/bin/sh";

    /** After as many pieces as Blaxel keeps, however small, some may be lost; its replay shows the last of it. */
    private static final int BURST = 64;

    /** So many signs of life without an answer are a lost connection. */
    private static final int SILENCES = 2;

    private final DataPlane plane;
    private final Timing timing;
    private final String session;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final TerminalSpool arrived = new TerminalSpool(KEPT);
    private final TerminalReplay replay = new TerminalReplay();
    private final TerminalTyping typing = new TerminalTyping();
    private volatile TerminalSize size;
    private @Nullable TerminalSocket socket;
    private boolean replaying;
    private boolean heard;
    private int silent;
    private int unchecked;
    private volatile boolean foreign;
    private boolean ended;
    private volatile int shell;

    private TerminalLink(DataPlane plane, Timing timing, String session, TerminalSize size) {
        this.plane = plane;
        this.timing = timing;
        this.session = session;
        this.size = size;
    }

    /**
     * Connects to a new shell, or to one whose output then begins with what Blaxel still has of it.
     *
     * @param session an unguessable name: who knows it shares the shell
     * @param shell the process of a shell that is there already; 0 for a new one
     */
    static TerminalLink open(DataPlane plane, Timing timing, String session, TerminalSize size, int shell)
            throws Refused, IOException {
        var link = new TerminalLink(plane, timing, session, size);
        link.shell = shell;
        link.connect(shell != 0);
        Thread.ofVirtual().name("blaxel-terminal").start(link::keep);
        return link;
    }

    InputStream output() {
        return arrived;
    }

    /** The process that must live for the shell to be there; 0 while it is not known. */
    int shell() {
        return shell;
    }

    void shell(int pid) {
        shell = pid;
    }

    TerminalTyping typing() {
        return typing;
    }

    /** Whether Blaxel has another shell under this name. */
    boolean isForeign() {
        return foreign;
    }

    void resize(TerminalSize wanted) {
        size = wanted;
        tell(wanted);
    }

    private void tell(TerminalSize wanted) {
        typing.tell(Json.object()
                .put("type", "resize")
                .put("cols", wanted.columns())
                .put("rows", wanted.rows()));
    }

    /** Lets go of the connection; the output ends. */
    void close() {
        end(null);
    }

    @Override
    public void received(TerminalSocket from, JsonNode message) {
        String type = message.path("type").asText("");
        String data = message.path("data").asText("");
        lock.lock();
        try {
            heard = true;
            if (from != socket || ended || foreign) {
                return;
            }
            if (type.equals("error")) {
                end(new IOException("Blaxel could not start a shell"));
            } else if (type.equals("output") && replaying) {
                replaying = false;
                join(data);
                changed.signalAll();
            } else if (type.equals("output")) {
                take(TerminalNotice.utf8(data));
            }
        } finally {
            lock.unlock();
        }
    }

    private void take(byte[] output) {
        replay.hear(output);
        arrived.write(output);
        if (++unchecked == BURST) {
            changed.signalAll();
        }
    }

    @Override
    public void answered(TerminalSocket from, long ping) {
        lock.lock();
        try {
            heard = true;
            if (from == socket) {
                typing.answered(ping);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void lost(TerminalSocket from, boolean orderly) {
        lock.lock();
        try {
            if (from == socket) {
                disconnect();
                if (orderly) {
                    end(null);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes what the terminal showed since the last connection was lost. */
    private void join(String shown) {
        var resumed = shown.startsWith(REPLAY)
                ? replay.resume(TerminalNotice.utf8(shown.substring(REPLAY.length())))
                : new TerminalReplay.Resumed(TerminalReplay.Join.FOREIGN, new byte[0]);
        if (resumed.join() == TerminalReplay.Join.FOREIGN) {
            foreign = true;
            return;
        }
        if (typing.forget()) {
            arrived.write(TerminalNotice.of("the connection was lost, and what was typed last may be, too"));
        }
        switch (resumed.join()) {
            case GAP -> arrived.write(TerminalNotice.of("output is missing here"));
            case UNCERTAIN -> arrived.write(TerminalNotice.of("output may be missing or repeated here"));
            default -> LOG.log(Level.FINE, "a terminal is connected again");
        }
        arrived.write(resumed.rest());
    }

    /** The shell has ended in the very moment of connecting again, and Blaxel has started another one for us. */
    private boolean dismissForeign(TerminalSocket other) {
        lock.lock();
        try {
            if (!foreign) {
                return false;
            }
            socket = null;
        } finally {
            lock.unlock();
        }
        try {
            other.send(Json.object().put("type", "input").put("data", " exit\r"));
            other.close();
        } catch (IOException gone) {
            LOG.log(Level.FINE, "Blaxel removes the shell when nobody has looked at it for a while", gone);
        }
        end(shellIsGone());
        return true;
    }

    private void end(@Nullable IOException failure) {
        lock.lock();
        try {
            if (!ended) {
                ended = true;
                disconnect();
                typing.end(failure != null);
                arrived.end(failure);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void disconnect() {
        TerminalSocket before = socket;
        socket = null;
        typing.disconnected();
        changed.signalAll();
        if (before != null) {
            before.abort();
        }
    }

    /** Keeps the connection, on a thread of its own, until there is nothing to connect to any more. */
    private void keep() {
        try {
            while (awaitLoss()) {
                if (!isAlive()) {
                    throw shellIsGone();
                }
                connect(true);
            }
        } catch (Refused refused) {
            end(refused.refusal().saysSandboxIsGone() ? null : new IOException(refused));
        } catch (SandboxException failed) {
            end(failed.code() == ErrorCode.SANDBOX_NOT_FOUND ? null : new IOException(failed));
        } catch (IOException broken) {
            end(broken);
        }
    }

    /** Whether the connection was lost and not given up. Gives signs of life meanwhile. */
    private boolean awaitLoss() throws InterruptedIOException {
        lock.lock();
        try {
            while (!ended && socket != null) {
                boolean burst = unchecked >= BURST;
                if (changed.awaitNanos((burst ? timing.poll() : timing.ping()).toNanos()) <= 0) {
                    live(burst);
                }
            }
            return !ended;
        } catch (InterruptedException interrupted) {
            throw new InterruptedIOException("interrupted");
        } finally {
            lock.unlock();
        }
    }

    /**
     * A connection on which nothing comes is lost, unless it waits for a shell that does not take what was typed. After
     * much output it is made anew in the first silence, to see whether all of that has come.
     */
    private void live(boolean afterBurst) {
        TerminalSocket open = socket;
        silent = heard || typing.isWaiting() ? 0 : silent + 1;
        heard = false;
        if (open != null && !afterBurst) {
            open.keepAlive(typing.taken());
        }
        if (silent > (afterBurst ? 0 : SILENCES)) {
            disconnect();
        }
    }

    /** An ended shell must not be asked for again: Blaxel would start another one. */
    private boolean isAlive() throws InterruptedIOException {
        if (shell == 0) {
            return false;
        }
        long end = System.nanoTime() + timing.reach().toNanos();
        for (int attempt = 0; ; attempt++) {
            try {
                return new Errand(plane, "looking for a terminal", ErrorCode.EXEC_TRANSPORT_ERROR)
                        .run("[ -d /proc/" + shell + " ] && printf alive; printf .", Map.of())
                        .startsWith("alive");
            } catch (SandboxException failed) {
                if (failed.code() == ErrorCode.SANDBOX_NOT_FOUND || System.nanoTime() > end) {
                    throw failed;
                }
            }
            plane.pause(attempt);
        }
    }

    /** Connects, and again as long as that may help. A session's id makes this safe to repeat. */
    private void connect(boolean again) throws Refused, IOException {
        long end = System.nanoTime() + timing.reach().toNanos();
        for (int attempt = 0; ; attempt++) {
            try {
                if (connectOnce(again)) {
                    return;
                }
            } catch (Refused refused) {
                boolean later = refused.refusal().status() >= 500
                        || refused.refusal().status() == 429
                        || refused.refusal().saysNotYet()
                        || refused.refusal().code().equals("TOKEN_REVOKED");
                if (!later || System.nanoTime() > end) {
                    throw refused;
                }
            } catch (IOException broken) {
                if (broken instanceof InterruptedIOException || System.nanoTime() > end) {
                    throw broken;
                }
            }
            plane.pause(attempt);
        }
    }

    /** Whether it is connected, with the replay where there must be one, or has ended. */
    private boolean connectOnce(boolean again) throws Refused, IOException {
        var fresh = new TerminalSocket(this);
        TerminalSize now = size;
        lock.lock();
        try {
            if (ended) {
                return true;
            }
            socket = fresh;
            replaying = again;
            silent = 0;
            unchecked = 0;
        } finally {
            lock.unlock();
        }
        boolean connected = false;
        try {
            plane.terminal(session, SHELL, now, fresh);
            connected = awaitReplay(fresh) || dismissForeign(fresh);
            if (!size.equals(now)) {
                tell(size);
            }
            return connected;
        } finally {
            if (!connected) {
                lost(fresh, false);
                fresh.abort();
            }
        }
    }

    private boolean awaitReplay(TerminalSocket fresh) throws InterruptedIOException {
        lock.lock();
        try {
            long left = timing.reach().toNanos();
            while (!ended && socket == fresh && replaying && left > 0) {
                left = changed.awaitNanos(left);
            }
            boolean usable = !ended && !foreign && socket == fresh && !replaying;
            if (usable) {
                typing.connected(fresh);
            }
            return ended || usable;
        } catch (InterruptedException interrupted) {
            throw new InterruptedIOException("interrupted");
        } finally {
            lock.unlock();
        }
    }

    private static IOException shellIsGone() {
        return new IOException("the shell has ended at Blaxel");
    }
}
