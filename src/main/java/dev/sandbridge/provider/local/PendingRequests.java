package dev.sandbridge.provider.local;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a resident was asked and has not answered yet. Requests are added by any thread; answers are taken by one. An
 * answer that fits no request is an {@link IOException}: the resident is then no longer believed.
 */
final class PendingRequests {
    private static final int VERSION = 1;

    private final Poller poller;
    private final Consumer<Integer> unwanted;
    private final CompletableFuture<String> ready = new CompletableFuture<>();
    private final ConcurrentHashMap<Integer, Start> starts = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Integer, CompletableFuture<Integer>> exits = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Integer, CompletableFuture<Integer>> signals = new ConcurrentHashMap<>();
    private volatile @Nullable Exception failure;

    private record Start(StartRequest request, CompletableFuture<Started> answer) {}

    /** @param unwanted told of a start that succeeded when nobody waited any more; must not block */
    PendingRequests(Poller poller, Consumer<Integer> unwanted) {
        this.poller = poller;
        this.unwanted = unwanted;
    }

    CompletableFuture<String> ready() {
        return ready;
    }

    /** Whoever gives up waiting cancels the answer; what is started all the same is then reported as unwanted. */
    void addStart(int id, StartRequest request, CompletableFuture<Started> answer) {
        exits.put(id, new CompletableFuture<>());
        starts.put(id, new Start(request, answer));
        failIfOver();
    }

    void addSignal(int id, CompletableFuture<Integer> answer) {
        signals.put(id, answer);
        failIfOver();
    }

    /** Whether an answer is due. */
    boolean isWaiting() {
        return !starts.isEmpty() || !signals.isEmpty();
    }

    /** Takes back a request that was never sent. */
    void forget(int id) {
        starts.remove(id);
        exits.remove(id);
        signals.remove(id);
    }

    /** Fails everything that waits now or is added later. */
    void failAll(Exception reason) {
        if (failure == null) {
            failure = reason;
        }
        failIfOver();
    }

    private void failIfOver() {
        var reason = failure;
        if (reason == null) {
            return;
        }
        ready.completeExceptionally(reason);
        starts.values().forEach(start -> start.answer.completeExceptionally(reason));
        signals.values().forEach(answer -> answer.completeExceptionally(reason));
        exits.values().forEach(exit -> exit.completeExceptionally(reason));
        starts.clear();
        signals.clear();
        exits.clear();
    }

    /** Takes one answer and owns the files that came with it. */
    void accept(PacketSocket.Packet packet) throws IOException {
        var files = new ArrayDeque<>(packet.files());
        try {
            var reply = Reply.parse(packet.bytes());
            if (reply.kind() == Reply.Kind.STARTED) {
                started(reply, files, packet.filesLost());
                return;
            }
            require(files.isEmpty(), reply.kind() + " came with files");
            switch (reply.kind()) {
                case READY -> {
                    require(reply.id() == 0 && reply.value() == VERSION, "it speaks another protocol");
                    require(ready.complete(reply.text()), "it announced itself twice");
                }
                case EXITED -> {
                    require(!starts.containsKey(reply.id()), "an end came before its start");
                    known(exits.remove(reply.id()), reply).complete(reply.value());
                }
                case REFUSED -> refused(reply.id(), reply);
                case DONE -> known(signals.remove(reply.id()), reply).complete(reply.value());
                case STARTED -> throw new AssertionError("handled above");
            }
        } finally {
            files.forEach(FdCalls::close);
        }
    }

    private void refused(int id, Reply reply) throws IOException {
        var refusal = new ResidentRefusal(reply.value(), reply.text());
        var signal = signals.remove(id);
        if (signal != null) {
            signal.completeExceptionally(refusal);
            return;
        }
        var start = known(starts.remove(id), reply);
        exits.remove(id);
        start.answer.completeExceptionally(refusal);
    }

    private void started(Reply reply, Queue<Integer> files, boolean filesLost) throws IOException {
        var start = known(starts.remove(reply.id()), reply);
        if (filesLost && files.size() < start.request.files()) {
            start.answer.completeExceptionally(
                    new ResidentRefusal(Errno.EMFILE, "this service has no room for more open files"));
            unwanted.accept(reply.id());
            return;
        }
        require(files.size() == start.request.files(), "a start came with " + files.size() + " files");
        var started = open(reply, start.request, files);
        if (!start.answer.complete(started)) {
            started.close();
            unwanted.accept(reply.id());
        }
    }

    /** Turns numbers into streams, each taken off the queue when it has its owner. */
    private Started open(Reply reply, StartRequest request, Queue<Integer> files) throws IOException {
        var opened = new ArrayList<Closeable>();
        boolean complete = false;
        try {
            var exit = known(exits.get(reply.id()), reply);
            Started started;
            if (request.terminal() != null) {
                var terminal = terminal(files, opened);
                var fault = input(files, opened);
                started = Started.onTerminal(reply.id(), reply.value(), terminal, fault, exit);
                exit.whenComplete((status, gone) -> terminal.finish());
            } else {
                OutputStream stdin = request.stdin() ? inputOf(files, opened) : Streams.closedOutput();
                var stdout = output(request, files, opened);
                var stderr = output(request, files, opened);
                var fault = input(files, opened);
                OutputStream extra = request.extra() ? inputOf(files, opened) : Streams.closedOutput();
                started = new Started(reply.id(), reply.value(), stdin, stdout, stderr, fault, extra, null, exit);
            }
            complete = true;
            return started;
        } finally {
            if (!complete) {
                Streams.closeQuietly(opened.toArray(Closeable[]::new));
            }
        }
    }

    private FdInputStream input(Queue<Integer> files, ArrayList<Closeable> opened) throws IOException {
        var stream = new FdInputStream(pipe(files));
        opened.add(stream);
        return stream;
    }

    /** A file verb whose answer nobody wants should end; a command's children should not. */
    private InputStream output(StartRequest request, Queue<Integer> files, ArrayList<Closeable> opened)
            throws IOException {
        if (request.mode() == StartRequest.Mode.FILE) {
            return input(files, opened);
        }
        var stream = new OutputPipe(pipe(files));
        opened.add(stream);
        return stream;
    }

    private FdOutputStream inputOf(Queue<Integer> files, ArrayList<Closeable> opened) throws IOException {
        var stream = new FdOutputStream(pipe(files));
        opened.add(stream);
        return stream;
    }

    private TerminalMaster terminal(Queue<Integer> files, ArrayList<Closeable> opened) throws IOException {
        require(FdCalls.isTerminalMaster(files.element()), "a start came with something else than a terminal");
        var terminal = TerminalMaster.open(files.remove(), poller);
        opened.add(terminal);
        return terminal;
    }

    /** Anything but a pipe could make a read wait where no reader may: files, devices, foreign file systems. */
    private Descriptor pipe(Queue<Integer> files) throws IOException {
        require(FdCalls.isPipe(files.element()), "a start came with something else than a pipe");
        return new Descriptor(files.remove(), poller);
    }

    private static <T> T known(@Nullable T pending, Reply reply) throws IOException {
        if (pending == null) {
            throw new IOException("the resident answers what nobody asked: " + reply.kind());
        }
        return pending;
    }

    private static void require(boolean holds, String otherwise) throws IOException {
        if (!holds) {
            throw new IOException("the resident is not to be believed: " + otherwise);
        }
    }
}
