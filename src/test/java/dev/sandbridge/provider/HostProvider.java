package dev.sandbridge.provider;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.ProviderReport.Guarantee;
import dev.sandbridge.provider.ProviderReport.Strength;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Sandboxes that isolate nothing: private directories and plain processes of this Linux machine, for tests of what
 * stands above providers. Needs no right and no name space. Keeps the whole contract but for what {@link
 * TestBed.Offer} lists; commands see the host, so they name the workspace's files relative to it and never as {@code
 * /workspace/...}.
 */
public final class HostProvider implements SandboxProvider {
    private static final AtomicLong SANDBOXES = new AtomicLong();

    private final Disk disk;
    private final Map<SandboxName, HostSandbox> sandboxes = new ConcurrentHashMap<>();

    /** What outlives a provider: records and files. */
    public static final class Disk implements AutoCloseable {
        private final Path root;
        private final Map<SandboxName, SandboxSpec> specs = new ConcurrentHashMap<>();
        private final Map<SandboxName, Long> numbers = new ConcurrentHashMap<>();
        private final Set<SandboxName> unreadable = ConcurrentHashMap.newKeySet();

        public Disk() {
            try {
                root = Files.createTempDirectory("sandboxes");
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        Map<SandboxName, SandboxSpec> specs() {
            return specs;
        }

        Set<SandboxName> unreadable() {
            return unreadable;
        }

        Path directory(SandboxName name) {
            return root.resolve(name.text());
        }

        /** Of the sandbox, unique on this machine; at most 40 bits. */
        long number(SandboxName name) {
            return numbers.computeIfAbsent(
                    name, absent -> ProcessHandle.current().pid() << 16 | SANDBOXES.incrementAndGet() & 0xFFFF);
        }

        void make(SandboxName name) {
            try {
                for (String part : List.of("workspace", "tmp", "staging")) {
                    Files.createDirectories(directory(name).resolve(part));
                }
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        void remove(SandboxName name) {
            HostFiles.removeTree(directory(name));
        }

        @Override
        public void close() {
            HostFiles.removeTree(root);
        }
    }

    public HostProvider(Disk disk) {
        this.disk = disk;
    }

    @Override
    public String id() {
        return "host";
    }

    @Override
    public ProviderReport report() {
        return new ProviderReport(id(), null, List.of(new Guarantee("isolation", Strength.NONE, "plain processes")));
    }

    @Override
    public SandboxHandle create(SandboxSpec spec) {
        if (spec.image() != null) {
            throw new SandboxException(ErrorCode.POOL_ERROR, "no such image");
        }
        HostSandbox sandbox = sandbox(spec.name());
        sandbox.create(spec);
        return sandbox;
    }

    @Override
    public Optional<SandboxHandle> find(SandboxName name) {
        if (disk.unreadable().contains(name)) {
            throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "the sandbox's record cannot be read");
        }
        return disk.specs().containsKey(name) ? Optional.of(sandbox(name)) : Optional.empty();
    }

    @Override
    public boolean delete(SandboxName name) {
        return disk.specs().containsKey(name) && sandbox(name).delete();
    }

    @Override
    public List<SandboxSpec> list() {
        return List.copyOf(disk.specs().values());
    }

    @Override
    public void close() {
        sandboxes.values().forEach(HostSandbox::end);
    }

    boolean hasProcesses(SandboxName name) {
        return sandbox(name).hasProcesses();
    }

    private HostSandbox sandbox(SandboxName name) {
        return sandboxes.computeIfAbsent(name, absent -> new HostSandbox(disk, name));
    }
}
