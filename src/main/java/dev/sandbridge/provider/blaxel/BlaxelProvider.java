package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.ProviderReport;
import dev.sandbridge.provider.ProviderReport.Guarantee;
import dev.sandbridge.provider.ProviderReport.Strength;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.SandboxSpec;
import java.io.InterruptedIOException;
import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;

/**
 * Sandboxes at Blaxel. A sandbox's record lies in its labels there, so that every service with the same credentials
 * finds it; nothing of a sandbox is kept here but what saves asking again.
 */
public final class BlaxelProvider implements SandboxProvider {
    private static final Logger LOG = Logger.getLogger(BlaxelProvider.class.getName());
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
    private static final int STRIPES = 64;

    private final HttpClient client;
    private final Http http;
    private final ControlPlane control;
    private final Removal removal;
    private final Timing timing;
    private final RandomGenerator random;
    private final Clock clock;
    private final Map<SandboxName, BlaxelHandle> handles = new ConcurrentHashMap<>();
    private final List<ReentrantLock> removing = new ArrayList<>();

    /** @param random of a quality that makes names which nobody can guess */
    public BlaxelProvider(BlaxelOptions options, Credentials credentials, Clock clock, RandomGenerator random) {
        this(options, credentials, clock, random, Timing.REAL);
    }

    BlaxelProvider(BlaxelOptions options, Credentials credentials, Clock clock, RandomGenerator random, Timing timing) {
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(Duration.ofSeconds(10))
                .build();
        this.clock = clock;
        var tokens = new Tokens(client, options.api(), credentials, clock);
        this.http = new Http(client, tokens, options, random, timing.pause(), timing.reach());
        this.control = new ControlPlane(http, options, clock);
        this.removal = new Removal(control, timing);
        this.timing = timing;
        this.random = random;
        for (int i = 0; i < STRIPES; i++) {
            removing.add(new ReentrantLock());
        }
    }

    @Override
    public String id() {
        return "blaxel";
    }

    @Override
    public ProviderReport report() {
        return new ProviderReport(
                id(),
                null,
                List.of(
                        new Guarantee("isolation", Strength.HARD, "a virtual machine at Blaxel"),
                        new Guarantee("memory", Strength.HARD, "size of the virtual machine"),
                        new Guarantee("cpu", Strength.HARD, "Blaxel gives one processor for each 2048 MB of memory"),
                        new Guarantee("disk", Strength.HARD, "about half of the memory, which it is part of"),
                        new Guarantee("processes", Strength.NONE, "Blaxel offers no limit"),
                        new Guarantee("network", Strength.NONE, "sandboxes reach the internet"),
                        new Guarantee("users", Strength.NONE, "commands run as the image's user")));
    }

    @Override
    public Set<Network> networks() {
        return Set.of(Network.NAT);
    }

    @Override
    public SandboxHandle create(SandboxSpec spec) {
        var attempt = new StringBuilder();
        random.ints(26, 0, ALPHABET.length()).forEach(i -> attempt.append(ALPHABET.charAt(i)));
        var creation = new Creation(control, removal, timing, spec, attempt.toString());
        Instance made = creation.run();
        try {
            BlaxelHandle handle = handle(made);
            prepare(handle);
            // What Blaxel itself removed at its end, or somebody else did, may have left some under this name.
            control.previews().removeAll(spec.name());
            return handle;
        } catch (RuntimeException failed) {
            creation.undo();
            handles.computeIfPresent(spec.name(), (name, known) -> known.isOf(made) ? null : known);
            throw failed instanceof SandboxException known && known.code() != ErrorCode.SANDBOX_NOT_FOUND
                    ? known
                    : new SandboxException(ErrorCode.POOL_ERROR, "the new sandbox could not be reached", failed);
        }
    }

    @Override
    public Optional<SandboxHandle> find(SandboxName name) {
        Optional<Instance> found = awaited(name);
        if (found.isEmpty()) {
            forget(name);
            return Optional.empty();
        }
        return Optional.of(handle(found.get()));
    }

    /**
     * A busy sandbox costs no look at the control plane for each call: what it said is trusted for a few seconds, and
     * asked for again meanwhile. A sandbox that somebody else has removed shows at its own address.
     */
    @Override
    public Optional<SandboxHandle> recall(SandboxName name) {
        BlaxelHandle known = handles.get(name);
        long trust = timing.trust().toNanos();
        if (known == null || known.age() > trust) {
            return find(name);
        }
        if (known.age() > trust / 2) {
            known.proveMeanwhile(() -> find(name));
        }
        return Optional.of(known);
    }

    @Override
    public boolean delete(SandboxName name) {
        ReentrantLock lock = removing.get(Math.floorMod(name.hashCode(), STRIPES));
        lock.lock();
        try {
            boolean existed = removal.run(name);
            forget(name);
            return existed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<SandboxSpec> list() {
        return control.list().stream()
                .filter(Instance::isOurs)
                .filter(found -> found.stage() == Instance.Stage.READY || found.stage() == Instance.Stage.COMING)
                .flatMap(found -> readable(found).stream())
                .toList();
    }

    /** One spoiled record must not hide all the others from whoever counts, expires or saves them. */
    private static Optional<SandboxSpec> readable(Instance found) {
        try {
            return Optional.of(found.spec());
        } catch (SandboxException unreadable) {
            LOG.log(Level.WARNING, "sandbox {0} at Blaxel is left out of the list: {1}", new Object[] {
                found.name(), unreadable.getMessage()
            });
            return Optional.empty();
        }
    }

    /** Lets go of all connections; sandboxes at Blaxel live on. */
    @Override
    public void close() {
        client.shutdownNow();
        handles.clear();
    }

    /** A sandbox that is just being brought up is waited for; one that is being removed is none. */
    private Optional<Instance> awaited(SandboxName name) {
        long end = System.nanoTime() + timing.creating().toNanos();
        while (true) {
            Optional<Instance> found = control.find(name);
            if (found.isEmpty()) {
                return found;
            }
            switch (found.get().stage()) {
                case READY -> {
                    return found;
                }
                case DEAD, GOING -> {
                    return Optional.empty();
                }
                case COMING -> {
                    if (System.nanoTime() > end) {
                        throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "Blaxel has not brought the sandbox up");
                    }
                }
            }
            try {
                Http.sleep(timing.poll().toNanos());
            } catch (InterruptedIOException interrupted) {
                throw new SandboxException(
                        ErrorCode.PROVIDER_FAILURE, "interrupted while a sandbox came up", interrupted);
            }
        }
    }

    private BlaxelHandle handle(Instance instance) {
        var name = instance.spec().name();
        return handles.compute(name, (key, known) -> {
            if (known != null && known.isOf(instance)) {
                known.refresh(instance);
                return known;
            }
            if (known != null) {
                known.deleted();
            }
            var plane = new DataPlane(http, instance.address(), random);
            return new BlaxelHandle(control, plane, timing, random, clock, instance);
        });
    }

    private void forget(SandboxName name) {
        BlaxelHandle known = handles.remove(name);
        if (known != null) {
            known.deleted();
        }
    }

    /** The edge learns of a new sandbox a little later than the control plane. */
    private void prepare(BlaxelHandle handle) {
        long end = System.nanoTime() + timing.reach().toNanos();
        while (true) {
            try {
                handle.prepare();
                return;
            } catch (SandboxException notYet) {
                boolean unknown =
                        notYet.code() == ErrorCode.SANDBOX_NOT_FOUND || notYet.code() == ErrorCode.PROVIDER_FAILURE;
                if (!unknown || System.nanoTime() > end) {
                    throw notYet;
                }
            }
            try {
                Http.sleep(timing.poll().toNanos() / 4);
            } catch (InterruptedIOException interrupted) {
                throw new SandboxException(ErrorCode.POOL_ERROR, "interrupted while a sandbox came up", interrupted);
            }
        }
    }
}
