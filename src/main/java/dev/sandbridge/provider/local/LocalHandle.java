package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.SandboxFiles;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.SandboxTerminals;
import dev.sandbridge.provider.SandboxTree;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox of this machine. It exists on disk; its cage is started by the first thing that needs it, and again after
 * it ended. Thread-safe.
 */
final class LocalHandle implements SandboxHandle {
    private static final System.Logger LOG = System.getLogger(LocalHandle.class.getName());

    private final CageSource cages;
    private final SandboxStore store;
    private final CommandStarter commands = new CommandStarter(this::running, () -> spec().limits());
    private final LocalFiles files = new LocalFiles(this::startVerb);
    private final LocalTree tree;
    private final DiskWatch disk = new DiskWatch(this::start);

    /** Guards what follows: record on disk, cage and their end. */
    private final ReentrantLock life = new ReentrantLock();

    private volatile SandboxRecord record;
    private volatile @Nullable Cage current;
    private volatile boolean deleted;
    private long killsOfEarlierCages;
    private long killsTold;

    /** Makes a new cage for a sandbox. */
    interface CageSource {
        Cage start(SandboxRecord record) throws IOException, InterruptedException;

        /** Whether the kernel itself keeps the disk limit. */
        boolean limitsDisk();
    }

    LocalHandle(SandboxRecord record, CageSource cages, SandboxStore store) {
        this.record = record;
        this.cages = cages;
        this.store = store;
        long room = cages.limitsDisk() ? Long.MAX_VALUE : record.spec().limits().diskBytes();
        this.tree = new LocalTree(this::startVerb, room);
    }

    @Override
    public SandboxSpec spec() {
        return record.spec();
    }

    /** Its range of host ids. */
    int range() {
        return record.range();
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
    public void update(Map<String, String> labels, String state, Instant expiresAt) {
        life.lock();
        try {
            requireExisting();
            var changed = record.with(record.spec().with(labels, state, expiresAt));
            store.update(changed);
            record = changed;
        } catch (IOException failed) {
            throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "the sandbox's record cannot be written", failed);
        } finally {
            life.unlock();
        }
    }

    @Override
    public Optional<String> limitReached() {
        life.lock();
        try {
            var running = current;
            long kills = killsOfEarlierCages + (running == null ? 0 : running.outOfMemoryKills());
            boolean shortOfMemory = kills > killsTold;
            killsTold = kills;
            var limits = record.spec().limits();
            if (disk.takeKilled()) {
                return Optional.of("the sandbox's disk limit of " + limits.diskBytes() + " bytes was reached");
            }
            return shortOfMemory
                    ? Optional.of("the sandbox's memory limit of " + limits.memoryBytes() + " bytes was reached")
                    : Optional.empty();
        } finally {
            life.unlock();
        }
    }

    @Override
    public RunningCommand start(Command command) {
        return commands.start(command);
    }

    @Override
    public Optional<SandboxTerminals> terminals() {
        return Optional.of(commands);
    }

    private Started startVerb(StartRequest request) {
        if (request.stdin() && disk.isFull()) {
            throw FileErrors.diskFull();
        }
        return commands.send(request);
    }

    /** The cage, started if there is none now. */
    Cage running() {
        var now = current;
        if (now != null && now.isAlive() && !deleted) {
            return now;
        }
        try {
            life.lockInterruptibly();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException(
                    ErrorCode.PROVIDER_FAILURE, "waiting for the sandbox was interrupted", interrupted);
        }
        try {
            requireExisting();
            now = current;
            if (now != null && now.isAlive()) {
                return now;
            }
            endCage();
            var fresh = cages.start(record);
            current = fresh;
            if (!cages.limitsDisk()) {
                long limit = record.spec().limits().diskBytes();
                Thread.ofVirtual().name("disk").start(() -> disk.watch(fresh, limit));
            }
            return fresh;
        } catch (IOException failed) {
            LOG.log(System.Logger.Level.ERROR, "a sandbox could not be started", failed);
            throw new SandboxException(ErrorCode.POOL_ERROR, "the sandbox could not be started", failed)
                    .action("try again; the service's log says more");
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException(ErrorCode.POOL_ERROR, "starting the sandbox was interrupted", interrupted);
        } finally {
            life.unlock();
        }
    }

    /** Ends everything that runs; what is on disk stays, and the next use starts a new cage. */
    void stop() {
        life.lock();
        try {
            endCage();
        } finally {
            life.unlock();
        }
    }

    /** Ends everything for good. Returns false if somebody else did before. */
    boolean retire() {
        life.lock();
        try {
            if (deleted) {
                return false;
            }
            endCage();
            deleted = true;
            return true;
        } finally {
            life.unlock();
        }
    }

    private void endCage() {
        var last = current;
        if (last != null) {
            last.end();
            killsOfEarlierCages += last.outOfMemoryKills();
            current = null;
        }
    }

    private void requireExisting() {
        if (deleted) {
            throw new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "the sandbox was deleted");
        }
    }
}
