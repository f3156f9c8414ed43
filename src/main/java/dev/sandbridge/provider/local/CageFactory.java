package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.SandboxSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns what is known of a sandbox and of this machine into a running cage, and takes a cage's files away. */
final class CageFactory implements LocalHandle.CageSource, AutoCloseable {
    /**
     * Of each of the two file systems in memory; both full must leave enough of a small sandbox's memory to start what
     * empties them.
     */
    private static final long LARGEST_TMPFS = 64L << 20;

    private final Machine machine;
    private final Cgroups cgroups;
    private final SandboxStore store;
    private final Map<String, Path> images;
    private final Poller poller;
    private final Launcher launcher;

    CageFactory(Machine machine, Cgroups cgroups, SandboxStore store, Map<String, Path> images, Poller poller)
            throws IOException {
        this.machine = machine;
        this.cgroups = cgroups;
        this.store = store;
        this.images = images;
        this.poller = poller;
        this.launcher =
                new Launcher(machine.perl(), CageProgram.extract(store.root().resolve("cage")), poller);
    }

    @Override
    public Cage start(SandboxRecord record) throws IOException, InterruptedException {
        var spec = record.spec();
        var arguments = new ArrayList<String>();
        var cgroup = cgroups.create(spec.name(), spec.limits());
        arguments.addAll(place(store.directory(spec.name()), record.range()));
        arguments.add("net=" + spec.network().name().toLowerCase(Locale.ROOT));
        cgroup.directories().forEach(directory -> arguments.add("cgroup=" + directory));
        arguments.addAll(limits(spec.limits()));
        Path image = image(spec);
        if (image != null) {
            arguments.add("rootfs=" + image);
        }
        return Cage.start(launcher, poller, arguments, cgroup);
    }

    @Override
    public boolean limitsDisk() {
        return machine.hasDisks();
    }

    /** The root file system that a sandbox asks for, or null for this machine's own. */
    @Nullable
    Path image(SandboxSpec spec) {
        String name = spec.image();
        if (name == null) {
            return null;
        }
        Path directory = images.get(name);
        if (directory == null || !Files.isDirectory(directory)) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "there is no image of that name here")
                    .action("leave the image out, or use one of " + images.keySet());
        }
        return directory;
    }

    private List<String> place(Path directory, int range) {
        return List.of("dir=" + directory, "disk=" + (machine.hasDisks() ? "image" : "plain"), "ids=" + ids(range));
    }

    private String ids(int range) {
        return switch (machine.ids()) {
            case RANGE -> "range:" + IdRanges.firstId(range);
            case SUBID -> "subid";
            case SINGLE -> "single";
        };
    }

    /** Per process, where the kernel offers nothing for the sandbox as a whole. */
    private List<String> limits(Limits limits) {
        var arguments = new ArrayList<String>();
        arguments.add("limit=nofile:" + machine.openFiles());
        arguments.add("tmpfs=" + Math.min(LARGEST_TMPFS, limits.memoryBytes() / 4));
        if (!cgroups.limit(Controller.MEMORY)) {
            arguments.add("limit=data:" + limits.memoryBytes());
        }
        if (!cgroups.limit(Controller.PIDS)) {
            arguments.add("limit=nproc:" + limits.processes());
        }
        if (!machine.hasDisks()) {
            arguments.add("limit=fsize:" + limits.diskBytes());
        }
        return arguments;
    }

    /** Empties and removes a directory that is no sandbox any more, whoever owns what is in it. */
    void remove(Path directory) throws IOException {
        if (Files.isDirectory(directory.resolve("tree"))) {
            var arguments = new ArrayList<>(place(directory, 0));
            arguments.add("action=remove");
            runToEnd(arguments);
        }
        SandboxStore.removeEmptied(directory);
    }

    private void runToEnd(List<String> arguments) throws IOException {
        try (var output = new Numbers()) {
            int[] pipe = output.pipe();
            var process = launcher.launch(arguments, pipe[1], pipe[1]);
            FdCalls.close(output.handOver(pipe[1]));
            String words;
            try (var in = new FdInputStream(new Descriptor(output.handOver(pipe[0]), poller))) {
                words = Cage.firstWords(in);
            }
            int status = process.reap();
            if (status != 0) {
                throw new IOException("files cannot be removed (" + status + "): " + words);
            }
        }
    }

    @Override
    public void close() {
        launcher.close();
    }
}
