package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxSpec;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** Everything that the provider holds open on this machine, from its first use until it is closed. */
record LocalSite(
        Machine machine,
        SandboxStore store,
        Cgroups cgroups,
        Poller poller,
        CageFactory cages,
        @Nullable DiskTemplates disks) {
    private static final System.Logger LOG = System.getLogger(LocalSite.class.getName());

    /** What must be free for a new sandbox: those that exist lose what they write when nothing is. */
    private static final long LEAST_ROOM = 64L << 20;

    /** Opens it and clears away what a service left that could not close it. */
    static LocalSite open(LocalOptions options) throws IOException {
        var machine = Machine.look();
        String problem = machine.problem();
        if (problem != null) {
            throw new SandboxException(ErrorCode.CAPABILITY_UNAVAILABLE, problem);
        }
        var opened = new ArrayList<AutoCloseable>();
        boolean complete = false;
        try {
            var store = new SandboxStore(options.data());
            opened.add(store);
            var cgroups = Cgroups.find(Path.of("/proc/self"), "sandbridge-" + mark(options.data()));
            sweep(cgroups);
            var poller = new Poller();
            opened.add(poller);
            var cages = new CageFactory(machine, cgroups, store, options.images(), poller);
            opened.add(cages);
            String mkfs = machine.mkfs();
            var disks = mkfs == null ? null : new DiskTemplates(mkfs, store.root());
            clearAway(store, cages);
            complete = true;
            return new LocalSite(machine, store, cgroups, poller, cages, disks);
        } finally {
            if (!complete) {
                closeAll(opened.reversed());
            }
        }
    }

    /** The same for the same data directory at every start, so that the sweep meets what is ours and nothing else. */
    private static String mark(Path data) {
        try {
            var digest =
                    MessageDigest.getInstance("SHA-256").digest(data.toString().getBytes(StandardCharsets.UTF_8));
            return new BigInteger(1, digest).toString(36).substring(0, 10);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static void sweep(Cgroups cgroups) {
        try {
            cgroups.sweep();
        } catch (IOException stays) {
            LOG.log(System.Logger.Level.WARNING, "what an earlier run left cannot all be ended", stays);
        }
    }

    private static void clearAway(SandboxStore store, CageFactory cages) throws IOException {
        for (Path directory : store.rubbish()) {
            try {
                cages.remove(directory);
            } catch (IOException stays) {
                LOG.log(System.Logger.Level.WARNING, "cannot remove " + directory, stays);
            }
        }
    }

    /** The disk of a new sandbox, or null where its files lie in a directory. */
    @Nullable
    DiskTemplate disk(SandboxSpec spec) throws IOException {
        return disks == null ? null : disks.of(spec.limits().diskBytes());
    }

    /** @throws SandboxException why no sandbox of that kind can be made here, or not now */
    void requireOffered(SandboxSpec spec) throws IOException {
        String natProblem = machine.natProblem();
        if (spec.network() == Network.NAT && natProblem != null) {
            throw new SandboxException(
                            ErrorCode.CAPABILITY_UNAVAILABLE,
                            "network nat is not offered on this machine: " + natProblem)
                    .action("use a profile with network none, or tell whoever runs the service");
        }
        cages.image(spec);
        if (Files.getFileStore(store.root()).getUsableSpace() < LEAST_ROOM) {
            throw new SandboxException(ErrorCode.CAPACITY_EXCEEDED, "this machine's disk is full")
                    .action("delete sandboxes, or have whoever runs the service make room");
        }
    }

    /** Ends all cages at the same time, then lets go of everything. */
    void close(Collection<LocalHandle> handles) {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (LocalHandle handle : handles) {
                threads.submit(handle::stop);
            }
        }
        cgroups.close();
        var open = new ArrayList<AutoCloseable>();
        open.add(cages);
        open.add(poller);
        open.add(store);
        closeAll(open);
    }

    private static void closeAll(Iterable<AutoCloseable> open) {
        for (AutoCloseable closeable : open) {
            try {
                closeable.close();
            } catch (Exception failed) {
                LOG.log(System.Logger.Level.WARNING, "closing failed", failed);
            }
        }
    }
}
