package dev.sandbridge.provider;

import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A provider in front of another that fails as a script tells, and remembers what it was asked. Calls without a fault
 * pass through.
 */
public final class FaultyProvider implements SandboxProvider {
    /** What can fail. */
    public enum Point {
        CREATE,
        FIND,
        DELETE,
        LIST,
        START,
        START_TERMINAL,
        UPDATE,
        LIMIT_REACHED,
        STAT,
        READ,
        WRITE,
        LIST_FILES,
        MAKE_DIRECTORY,
        DELETE_FILE,
        READ_TREE,
        REPLACE_TREE
    }

    private static final Fault NONE = Fault.cut(Integer.MAX_VALUE);

    private final SandboxProvider real;
    private final Map<Point, Queue<Fault>> script = new EnumMap<>(Point.class);
    private final List<Point> calls = new ArrayList<>();

    public FaultyProvider(SandboxProvider real) {
        this.real = real;
    }

    /** The next call there that has no fault yet gets this one. */
    public synchronized FaultyProvider next(Point point, Fault fault) {
        script.computeIfAbsent(point, absent -> new ArrayDeque<>()).add(fault);
        return this;
    }

    /** The call after so many good ones gets this fault. */
    public FaultyProvider after(int good, Point point, Fault fault) {
        for (int i = 0; i < good; i++) {
            next(point, NONE);
        }
        return next(point, fault);
    }

    /** What it was asked since the last time this was asked. */
    public synchronized List<Point> calls() {
        var copy = List.copyOf(calls);
        calls.clear();
        return copy;
    }

    @Override
    public String id() {
        return real.id();
    }

    @Override
    public ProviderReport report() {
        return real.report();
    }

    @Override
    public SandboxHandle create(SandboxSpec spec) {
        return begin(Point.CREATE).around(() -> new Handle(real.create(spec)));
    }

    @Override
    public Optional<SandboxHandle> find(SandboxName name) {
        return begin(Point.FIND).around(() -> real.find(name).map(Handle::new));
    }

    @Override
    public boolean delete(SandboxName name) {
        return begin(Point.DELETE).around(() -> real.delete(name));
    }

    @Override
    public List<SandboxSpec> list() {
        return begin(Point.LIST).around(real::list);
    }

    @Override
    public void close() {
        real.close();
    }

    private synchronized Fault begin(Point point) {
        calls.add(point);
        Queue<Fault> faults = script.get(point);
        Fault fault = faults == null ? null : faults.poll();
        return fault == null ? NONE : fault;
    }

    private void run(Point point, Runnable effect) {
        begin(point).around(() -> {
            effect.run();
            return point;
        });
    }

    private final class Handle implements SandboxHandle {
        private final SandboxHandle handle;

        Handle(SandboxHandle handle) {
            this.handle = handle;
        }

        @Override
        public SandboxSpec spec() {
            return handle.spec();
        }

        @Override
        public RunningCommand start(Command command) {
            Fault fault = begin(Point.START);
            return fault.around(() -> new Cut(handle.start(command), fault));
        }

        @Override
        public Optional<SandboxTerminals> terminals() {
            return handle.terminals()
                    .map(real ->
                            (command, size) -> begin(Point.START_TERMINAL).around(() -> real.start(command, size)));
        }

        @Override
        public SandboxFiles files() {
            return new Files(handle.files());
        }

        @Override
        public Optional<SandboxTree> tree() {
            return handle.tree().map(Tree::new);
        }

        @Override
        public void update(Map<String, String> labels, String state, Instant expiresAt) {
            run(Point.UPDATE, () -> handle.update(labels, state, expiresAt));
        }

        @Override
        public Optional<String> limitReached() {
            return begin(Point.LIMIT_REACHED).around(handle::limitReached);
        }
    }

    private final class Tree implements SandboxTree {
        private final SandboxTree tree;

        Tree(SandboxTree tree) {
            this.tree = tree;
        }

        @Override
        public Reader read(Set<String> excludes) {
            return begin(Point.READ_TREE).around(() -> tree.read(excludes));
        }

        @Override
        public Replacement replace() {
            return begin(Point.REPLACE_TREE).around(tree::replace);
        }
    }

    private final class Files implements SandboxFiles {
        private final SandboxFiles files;

        Files(SandboxFiles files) {
            this.files = files;
        }

        @Override
        public FileInfo stat(WorkspacePath path, boolean follow) {
            return begin(Point.STAT).around(() -> files.stat(path, follow));
        }

        @Override
        public OpenFile read(WorkspacePath path, long offset, long length) {
            Fault fault = begin(Point.READ);
            OpenFile file = fault.around(() -> files.read(path, offset, length));
            return new OpenFile(file.info(), fault.stream(file.content()));
        }

        @Override
        public FileInfo write(WorkspacePath path, InputStream content, long length, @Nullable Integer mode)
                throws IOException {
            Supplier<FileInfo> effect = () -> {
                try {
                    return files.write(path, content, length, mode);
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            };
            try {
                return begin(Point.WRITE).around(effect);
            } catch (UncheckedIOException failed) {
                throw failed.getCause();
            }
        }

        @Override
        public void list(WorkspacePath directory, Consumer<FileInfo> entry) {
            run(Point.LIST_FILES, () -> files.list(directory, entry));
        }

        @Override
        public FileInfo makeDirectory(WorkspacePath path, boolean parents, @Nullable Integer mode) {
            return begin(Point.MAKE_DIRECTORY).around(() -> files.makeDirectory(path, parents, mode));
        }

        @Override
        public void delete(WorkspacePath path, boolean recursive) {
            run(Point.DELETE_FILE, () -> files.delete(path, recursive));
        }
    }

    /** A command whose output may break off. */
    private record Cut(RunningCommand command, InputStream stdout) implements RunningCommand {
        Cut(RunningCommand command, Fault fault) {
            this(command, fault.stream(command.stdout()));
        }

        @Override
        public int pid() {
            return command.pid();
        }

        @Override
        public OutputStream stdin() {
            return command.stdin();
        }

        @Override
        public InputStream stderr() {
            return command.stderr();
        }

        @Override
        public CompletableFuture<ExitStatus> exit() {
            return command.exit();
        }

        @Override
        public void signal(Signal signal) {
            command.signal(signal);
        }

        @Override
        public void kill() {
            command.kill();
        }

        @Override
        public void close() {
            command.close();
        }
    }
}
