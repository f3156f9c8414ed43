package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxFiles;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxPorts;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.SandboxTerminals;
import dev.sandbridge.provider.SandboxTree;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** One sandbox at Blaxel: its record, which the control plane keeps, and its own API. */
final class BlaxelHandle implements SandboxHandle {
    /** Where commands keep their output and uploads wait. */
    static final String SPOOL = "/tmp/.sandbridge/";

    /** A shell takes 128 KiB as one argument; what is longer travels as a file. */
    private static final int LONGEST_COMMAND = 96 << 10;

    private final ControlPlane control;
    private final DataPlane plane;
    private final Timing timing;
    private final RandomGenerator random;
    private final BlaxelFiles files;
    private final BlaxelTree tree;
    private final BlaxelTerminals terminals;
    private final BlaxelPorts ports;
    private final ReentrantLock updating = new ReentrantLock();
    private final String createdAt;
    private volatile SandboxSpec spec;
    private volatile boolean deleted;
    private volatile long provenAt = System.nanoTime();
    private final AtomicBoolean proving = new AtomicBoolean();

    BlaxelHandle(
            ControlPlane control,
            DataPlane plane,
            Timing timing,
            RandomGenerator random,
            Clock clock,
            Instance instance) {
        this.control = control;
        this.plane = plane;
        this.timing = timing;
        this.random = random;
        this.files = new BlaxelFiles(plane, this::requireThere);
        this.tree = new BlaxelTree(plane, timing, this::start, this::requireThere);
        this.terminals = new BlaxelTerminals(plane, timing, random, clock, this::requireThere);
        this.createdAt = instance.createdAt();
        this.ports = new BlaxelPorts(control, timing, random, instance, this::requireThere);
        this.spec = instance.spec();
    }

    @Override
    public SandboxSpec spec() {
        return spec;
    }

    @Override
    public RunningCommand start(Command command) {
        requireThere();
        if (command.user() != null) {
            throw noUsers();
        }
        String name = plane.freshName();
        long tag = random.nextLong(1L << 40, 1L << 50);
        String script = Shell.set("_sb_dir", SPOOL + name)
                + Shell.set("_sb_cd", command.directory())
                + Shell.set("_sb_tag", Long.toString(tag))
                + Shell.set("_sb_stdin", command.stdin() ? "1" : "0")
                + Shell.words(command.argv())
                + Shell.RUN;
        var ending = new Ending(plane, name, SPOOL + name, tag, timing.pause());
        var watcher = new Watcher(plane, SPOOL + name, timing);
        InputStream stream = begin(name, carried(name, script), command, ending);
        var follower = new Follower(plane, name, watcher, stream, timing.silence());
        try {
            var running = new BlaxelCommand(plane, ending, follower, watcher, command.stdin());
            watcher.start();
            return running;
        } catch (SandboxException failed) {
            boolean gone = failed.code() == ErrorCode.SANDBOX_NOT_FOUND;
            if (gone || failed.code() == ErrorCode.EXEC_TRANSPORT_ERROR) {
                ending.later(Words.Leader.NONE, true);
            }
            // Who hears that there is no sandbox starts it again, and it may have run in the one that was.
            throw gone
                    ? new SandboxException(
                            ErrorCode.EXEC_TRANSPORT_ERROR,
                            "the sandbox was lost while a command was started in it",
                            failed)
                    : failed;
        }
    }

    @Override
    public SandboxFiles files() {
        return files;
    }

    @Override
    public Optional<SandboxTree> tree() {
        return Optional.of(tree);
    }

    @Override
    public Optional<SandboxTerminals> terminals() {
        return Optional.of(terminals);
    }

    @Override
    public Optional<SandboxPorts> ports() {
        return Optional.of(ports);
    }

    @Override
    public void update(Map<String, String> labels, String state, Instant expiresAt) {
        change(now -> now.with(labels, state, expiresAt));
    }

    @Override
    public void renew(Instant expiresAt) {
        change(now -> now.with(now.labels(), now.state(), expiresAt));
    }

    private void change(UnaryOperator<SandboxSpec> change) {
        updating.lock();
        try {
            requireThere();
            Instance now = control.require(spec.name(), createdAt);
            spec = new RecordUpdate(control, timing).run(now, change.apply(now.spec()));
        } finally {
            updating.unlock();
        }
    }

    /** Blaxel does not tell which limit ended a process. */
    @Override
    public Optional<String> limitReached() {
        return Optional.empty();
    }

    /** Whether this is a handle of that very sandbox, not of another one that had its name. */
    boolean isOf(Instance instance) {
        return !deleted && instance.createdAt().equals(createdAt);
    }

    void refresh(Instance instance) {
        spec = instance.spec();
        provenAt = System.nanoTime();
    }

    /** How long ago the control plane told of it, in nanoseconds. */
    long age() {
        return System.nanoTime() - provenAt;
    }

    /** Runs this on a thread of its own, unless it runs already. */
    void proveMeanwhile(Runnable proof) {
        if (proving.compareAndSet(false, true)) {
            Thread.ofVirtual().name("blaxel-prove").start(() -> {
                try {
                    proof.run();
                } catch (SandboxException notNow) {
                    // Whoever comes when the trust is over asks again, and hears it.
                } finally {
                    proving.set(false);
                }
            });
        }
    }

    void deleted() {
        deleted = true;
    }

    /** Makes the workspace; the first thing that is asked of a new sandbox. */
    void prepare() {
        new Errand(plane, "preparing a sandbox", ErrorCode.POOL_ERROR)
                .run("mkdir -p /workspace " + SPOOL + " && cd /workspace && printf ok", Map.of());
    }

    static SandboxException noUsers() {
        return new SandboxException(
                        ErrorCode.CAPABILITY_UNAVAILABLE, "provider blaxel runs commands as the image's user only")
                .action("leave the user out, or switch to another one in the command itself");
    }

    private void requireThere() {
        if (deleted) {
            throw ControlPlane.gone();
        }
    }

    /** The stream of a command that may have begun; null when only its name can tell. */
    private @Nullable InputStream begin(String name, String script, Command command, Ending ending) {
        try {
            return plane.start(name, script, command.environment());
        } catch (Refused refused) {
            Refusal refusal = refused.refusal();
            if (refusal.mayHaveBegun()) {
                return null;
            }
            throw refusal.status() == 422
                    ? new SandboxException(ErrorCode.CAPACITY_EXCEEDED, "the sandbox could not start another process")
                    : refused.failure();
        } catch (InterruptedIOException interrupted) {
            ending.later(Words.Leader.NONE, true);
            throw new SandboxException(
                    ErrorCode.EXEC_TRANSPORT_ERROR, "interrupted while a command was started", interrupted);
        } catch (IOException lost) {
            return null;
        }
    }

    private String carried(String name, String script) {
        byte[] bytes = script.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= LONGEST_COMMAND) {
            return script;
        }
        String file = SPOOL + name + ".sh";
        byte[] whole = (Shell.set("_sb_file", file) + script).getBytes(StandardCharsets.UTF_8);
        try {
            new Upload(plane, "starting a command").send(file, whole, InputStream.nullInputStream());
        } catch (IOException broken) {
            throw Http.unreachable("starting a command", broken);
        }
        return ". " + Shell.quote(file);
    }
}
