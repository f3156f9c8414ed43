package dev.sandbridge.provider.local;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Starts the launcher program, always from one platform thread that never ends: the kernel's parent-death signal, by
 * which a cage dies with its service, follows the <em>thread</em> that started it (PR_SET_PDEATHSIG(2const)), and a
 * pooled thread ends after some idle seconds.
 */
final class Launcher implements AutoCloseable {
    private static final List<String> ENVIRONMENT =
            List.of("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    private static final Runnable STOP = () -> {};

    private final String perl;
    private final Path program;
    private final Poller poller;
    private final LinkedBlockingQueue<Runnable> work = new LinkedBlockingQueue<>();
    private volatile boolean closed;

    Launcher(String perl, Path program, Poller poller) {
        this.perl = perl;
        this.program = program;
        this.poller = poller;
        Thread.ofPlatform().daemon().name("sandbridge-launcher").start(this::run);
    }

    /**
     * Starts {@code cage.pl}.
     *
     * @param arguments {@code KEY=VALUE}; see there
     * @param control becomes its descriptor 0; remains the caller's
     * @param log becomes its descriptors 1 and 2; remains the caller's
     */
    ChildProcess launch(List<String> arguments, int control, int log) throws IOException {
        var argv = new ArrayList<>(List.of("perl", "-w", program.toString()));
        argv.add("parent=" + ProcessHandle.current().pid());
        argv.addAll(arguments);
        var started = new CompletableFuture<ChildProcess>();
        work.add(() -> {
            try {
                started.complete(new ChildProcess(Spawn.start(perl, argv, ENVIRONMENT, control, log, log), poller));
            } catch (IOException | RuntimeException | LinkageError failed) {
                started.completeExceptionally(failed);
            }
        });
        if (closed) {
            throw new IOException("the service is shutting down");
        }
        try {
            return started.join();
        } catch (CompletionException failed) {
            throw new IOException("the launcher cannot be started", failed.getCause());
        }
    }

    private void run() {
        try {
            for (Runnable task = work.take(); task != STOP; task = work.take()) {
                task.run();
            }
        } catch (InterruptedException nobodyDoesThis) {
            throw new IllegalStateException(nobodyDoesThis);
        }
    }

    /** Ends the thread, and with it every cage that still runs. */
    @Override
    public void close() {
        closed = true;
        work.add(STOP);
    }
}
