package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A command in a sandbox at Blaxel. A small script runs it there and keeps its output in pieces; {@link Follower} hears
 * how it goes, {@link Watcher} sees what lies there, the streams fetch it.
 */
final class BlaxelCommand implements RunningCommand {
    private static final Logger LOG = Logger.getLogger(BlaxelCommand.class.getName());
    private static final long KILLED_SECONDS = 10;

    private final DataPlane plane;
    private final Ending ending;
    private final Words.Leader leader;
    private final Follower follower;
    private final Watcher watcher;
    private final OutputStream stdin;

    /** Waits until it runs; whoever is told that it does not ends what may run after all. */
    BlaxelCommand(DataPlane plane, Ending ending, Follower follower, Watcher watcher, boolean input) {
        this.plane = plane;
        this.ending = ending;
        this.leader = follower.started();
        this.follower = follower;
        this.watcher = watcher;
        this.stdin = input ? watcher.stdin() : SpooledInput.none();
        // What nobody can hear of any more must not go on.
        follower.exit().whenComplete((status, failed) -> {
            if (failed instanceof SandboxException unknown && unknown.code() == ErrorCode.EXEC_TRANSPORT_ERROR) {
                ending.later(leader, true);
            }
        });
    }

    @Override
    public int pid() {
        return leader.pid();
    }

    @Override
    public OutputStream stdin() {
        return stdin;
    }

    @Override
    public InputStream stdout() {
        return watcher.stdout();
    }

    @Override
    public InputStream stderr() {
        return watcher.stderr();
    }

    @Override
    public CompletableFuture<ExitStatus> exit() {
        return follower.exit().copy();
    }

    @Override
    public void signal(Signal signal) {
        if (follower.exit().isDone() || leader.pid() == 0) {
            return;
        }
        String script = leader.text() + Shell.set("_sb_signal", Integer.toString(signal.number())) + Shell.SIGNAL;
        try {
            new Errand(plane, "signalling a command", ErrorCode.EXEC_TRANSPORT_ERROR).run(script, Map.of());
        } catch (SandboxException failed) {
            if (failed.code() != ErrorCode.SANDBOX_NOT_FOUND) {
                throw failed;
            }
        }
    }

    @Override
    public void kill() {
        if (follower.isSandboxGone()) {
            return;
        }
        Uninterrupted.call("blaxel-kill", () -> {
            killAll();
            return 0;
        });
    }

    @Override
    public void close() {
        watcher.close();
    }

    private void killAll() {
        try {
            ending.now(known());
        } catch (SandboxException failed) {
            ending.later(known(), false);
            if (failed.code() == ErrorCode.SANDBOX_NOT_FOUND) {
                follower.sandboxGone();
                return;
            }
            throw failed;
        }
        try {
            follower.exit().get(KILLED_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | InterruptedException stuck) {
            ending.runner();
            try {
                ending.now(known());
            } finally {
                follower.lose();
            }
        } catch (ExecutionException unknown) {
            LOG.log(Level.FINE, "how the command ended is not known", unknown);
        }
    }

    /** Once it is known to have ended, another session may get its number; only the tag tells then. */
    private Words.Leader known() {
        boolean ended = follower.exit().isDone() && !follower.exit().isCompletedExceptionally();
        return ended ? Words.Leader.NONE : leader;
    }
}
