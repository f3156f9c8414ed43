package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import java.io.IOException;
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
    private final String name;
    private final long tag;
    private final int pid;
    private final Follower follower;
    private final Watcher watcher;
    private final OutputStream stdin;

    BlaxelCommand(DataPlane plane, String name, long tag, Follower follower, Watcher watcher, boolean input) {
        this.plane = plane;
        this.name = name;
        this.tag = tag;
        this.pid = follower.started();
        this.follower = follower;
        this.watcher = watcher;
        this.stdin = input ? watcher.stdin() : SpooledInput.none();
    }

    @Override
    public int pid() {
        return pid;
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
        if (follower.exit().isDone() || pid == 0) {
            return;
        }
        String script = Shell.set("_sb_tag", Long.toString(tag))
                + Shell.set("_sb_pid", Integer.toString(pid))
                + Shell.set("_sb_signal", Integer.toString(signal.number()))
                + Shell.SIGNAL;
        try {
            errand("signalling a command").run(script, Map.of());
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
            errand("ending a command").run(Shell.set("_sb_tag", Long.toString(tag)) + Shell.KILL, Map.of());
        } catch (SandboxException failed) {
            if (failed.code() == ErrorCode.SANDBOX_NOT_FOUND) {
                follower.sandboxGone();
                return;
            }
            killRunner();
            throw failed;
        }
        try {
            follower.exit().get(KILLED_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | InterruptedException stuck) {
            killRunner();
            follower.lose();
        } catch (ExecutionException unknown) {
            LOG.log(Level.FINE, "how the command ended is not known", unknown);
        }
    }

    private void killRunner() {
        try {
            plane.kill(name);
        } catch (IOException | SandboxException failed) {
            LOG.log(Level.FINE, "the runner of a command could not be ended", failed);
        }
    }

    private Errand errand(String operation) {
        return new Errand(plane, operation, ErrorCode.EXEC_TRANSPORT_ERROR);
    }
}
