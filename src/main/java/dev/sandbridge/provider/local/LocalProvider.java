package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.ProviderReport;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.SandboxSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sandboxes on this Linux machine. Nothing slow happens before the first use, which takes the data directory, removes
 * what a killed service left behind, and finds the sandboxes that are on disk.
 */
public final class LocalProvider implements SandboxProvider {
    private static final System.Logger LOG = System.getLogger(LocalProvider.class.getName());

    private final LocalOptions options;
    private final ReentrantLock opening = new ReentrantLock();
    private final ConcurrentHashMap<SandboxName, NameClaim> claims = new ConcurrentHashMap<>();
    private final IdRanges ranges = new IdRanges();
    private volatile @Nullable LocalSite site;
    private boolean closed;

    public LocalProvider(LocalOptions options) {
        this.options = options;
    }

    @Override
    public String id() {
        return "local";
    }

    @Override
    public ProviderReport report() {
        try {
            var open = site();
            return new ProviderReport(id(), null, GuaranteeTable.of(open.machine(), open.cgroups()));
        } catch (SandboxException unavailable) {
            return new ProviderReport(id(), unavailable.text(), List.of());
        }
    }

    @Override
    public SandboxHandle create(SandboxSpec spec) {
        var open = site();
        var claim = claim(spec.name());
        try {
            open.requireOffered(spec);
            var handle = make(open, spec);
            claim.made(handle);
            return handle;
        } catch (IOException failed) {
            LOG.log(System.Logger.Level.ERROR, "a sandbox could not be made", failed);
            throw new SandboxException(ErrorCode.POOL_ERROR, "the sandbox could not be made", failed);
        } finally {
            if (!claim.isMade()) {
                claims.remove(spec.name());
                claim.released();
            }
        }
    }

    /** Waits for a sandbox of that name that is being removed; one that exists is a conflict. */
    private NameClaim claim(SandboxName name) {
        var mine = new NameClaim();
        for (var other = claims.putIfAbsent(name, mine); other != null; other = claims.putIfAbsent(name, mine)) {
            if (!other.isEnding()) {
                throw new SandboxException(ErrorCode.CONFLICT, "a sandbox of that name exists already");
            }
            other.awaitGone();
        }
        return mine;
    }

    private LocalHandle make(LocalSite open, SandboxSpec spec) throws IOException {
        int range = ranges.take();
        boolean made = false;
        boolean gone = true;
        try {
            var record = new SandboxRecord(spec, range);
            open.store().make(record, open.disk(spec));
            gone = false;
            var handle = new LocalHandle(record, open.cages(), open.store());
            try {
                handle.running();
                made = true;
                return handle;
            } finally {
                if (!made) {
                    handle.retire();
                    open.cages().remove(open.store().detach(spec.name()));
                    gone = true;
                }
            }
        } finally {
            if (gone) {
                ranges.free(range);
            }
        }
    }

    @Override
    public Optional<SandboxHandle> find(SandboxName name) {
        var open = site();
        var claim = claims.get(name);
        if (claim == null && open.store().exists(name)) {
            claim = claimUnread(open, name);
        }
        return claim == null ? Optional.empty() : claim.await().map(handle -> handle);
    }

    /** Tries again to read a record that could not be read before; until it can, nobody knows what the sandbox is. */
    private NameClaim claimUnread(LocalSite open, SandboxName name) {
        try {
            return claim(open, open.store().read(name));
        } catch (IOException unreadable) {
            throw new SandboxException(
                            ErrorCode.PROVIDER_FAILURE,
                            "the sandbox exists, but what it is cannot be read from disk",
                            unreadable)
                    .action("delete it, or restore its record");
        }
    }

    private NameClaim claim(LocalSite open, SandboxRecord record) {
        return claims.computeIfAbsent(record.spec().name(), name -> {
            ranges.taken(record.range());
            return NameClaim.of(new LocalHandle(record, open.cages(), open.store()));
        });
    }

    @Override
    public boolean delete(SandboxName name) {
        var open = site();
        var claim = claims.get(name);
        if (claim == null) {
            return open.store().exists(name) && removeUnread(open, name);
        }
        var handle = claim.awaitAny();
        if (handle.isEmpty()) {
            return false;
        }
        if (!claim.beginEnd()) {
            claim.awaitGone();
            return false;
        }
        boolean gone = false;
        try {
            handle.get().retire();
            var grave = open.store().detach(name);
            gone = true;
            remove(open, grave, handle.get().range());
            return true;
        } catch (IOException failed) {
            throw cannotRemove(failed);
        } finally {
            if (gone) {
                claims.remove(name);
                claim.released();
            } else {
                claim.keep();
            }
        }
    }

    /** The sandbox is gone; files that resist are tried again at the next start, and their user ids stay taken. */
    private void remove(LocalSite open, Path grave, int range) {
        try {
            open.cages().remove(grave);
            ranges.free(range);
        } catch (IOException resists) {
            LOG.log(System.Logger.Level.ERROR, "cannot remove " + grave, resists);
        }
    }

    /** A sandbox whose record cannot be read does not run, and its files are removed like any other's. */
    private boolean removeUnread(LocalSite open, SandboxName name) {
        try {
            open.cages().remove(open.store().detach(name));
            return true;
        } catch (IOException failed) {
            throw cannotRemove(failed);
        }
    }

    private static SandboxException cannotRemove(IOException failed) {
        LOG.log(System.Logger.Level.ERROR, "a sandbox's files cannot be removed", failed);
        return new SandboxException(ErrorCode.PROVIDER_FAILURE, "the sandbox's files cannot be removed", failed)
                .action("try again");
    }

    @Override
    public List<SandboxSpec> list() {
        site();
        var specs = new ArrayList<SandboxSpec>();
        claims.values().stream().filter(NameClaim::isMade).forEach(claim -> claim.await()
                .ifPresent(handle -> specs.add(handle.spec())));
        return specs;
    }

    /** What is open since the first use. */
    private LocalSite site() {
        var open = site;
        if (open != null) {
            return open;
        }
        opening.lock();
        try {
            open = site;
            if (open == null) {
                requireNotClosed();
                open = LocalSite.open(options);
                for (SandboxRecord record : open.store().all()) {
                    claim(open, record);
                }
                site = open;
            }
            return open;
        } catch (IOException failed) {
            throw new SandboxException(
                    ErrorCode.PROVIDER_FAILURE, "local sandboxes are not available: " + failed.getMessage(), failed);
        } finally {
            opening.unlock();
        }
    }

    private void requireNotClosed() {
        if (closed) {
            throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "the service is shutting down");
        }
    }

    @Override
    public void close() {
        opening.lock();
        try {
            closed = true;
            var open = site;
            if (open != null) {
                site = null;
                open.close(claims.values().stream()
                        .filter(NameClaim::isMade)
                        .flatMap(claim -> claim.awaitAny().stream())
                        .toList());
            }
        } finally {
            opening.unlock();
        }
    }
}
