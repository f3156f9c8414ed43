package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The conversation with one resident: requests go out under numbers that are never used again, and a thread of the
 * channel takes the answers. Thread-safe. Answers are untrusted: one that cannot be true closes the channel, and a
 * sandbox whose channel is closed counts as dead. Then everything that waits fails with
 * {@link ErrorCode#EXEC_TRANSPORT_ERROR}. A resident that is asked and says nothing at all for twice its patience is
 * given up in the same way: a sandbox must not stay unusable because one process of it hangs.
 */
final class ResidentChannel implements AutoCloseable {
    /** Whom a signal meets; in the protocol's order. */
    enum Scope {
        PROCESS,
        GROUP,
        /** Every process that descends from the start, whatever it did to hide. */
        DESCENDANTS
    }

    private static final int OP_START = 1;
    private static final int OP_SIGNAL = 2;
    private static final int OP_END = 4;
    private static final int HEADER = 8;
    private static final int PART = 60 * 1024;

    /** More than the kernel takes for arguments and environment together; see execve(2). */
    private static final int LONGEST_REQUEST = 8 << 20;

    private final PacketSocket socket;
    private final Duration patience;
    private final PendingRequests pending;
    private final ReentrantLock sending = new ReentrantLock();
    /** Guarded by {@link #sending}. */
    private int lastId;

    private final CompletableFuture<@Nullable Void> closed = new CompletableFuture<>();
    private final AtomicBoolean watched = new AtomicBoolean();
    private final AtomicLong answers = new AtomicLong();

    /**
     * Owns the socket.
     *
     * @param patience how long the resident may take for any answer
     */
    ResidentChannel(PacketSocket socket, Poller poller, Duration patience) {
        this.socket = socket;
        this.patience = patience;
        this.pending = new PendingRequests(poller, this::killUnwanted);
        Thread.ofVirtual().name("resident").start(this::receive);
    }

    /** Waits for the resident's announcement: lines {@code name=value} about the sandbox. */
    String awaitReady() throws InterruptedException {
        try {
            return await(pending.ready());
        } catch (ResidentRefusal impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Completes, always normally, when the resident is gone or was given up. */
    CompletableFuture<@Nullable Void> closed() {
        return closed;
    }

    boolean isOpen() {
        return !closed.isDone();
    }

    /** Starts something; the caller closes it. */
    Started start(StartRequest request) throws ResidentRefusal, InterruptedException {
        byte[] payload = request.payload();
        if (payload.length > LONGEST_REQUEST) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "arguments and environment are too long together")
                    .action("pass long input as a file or through stdin");
        }
        var answer = new CompletableFuture<Started>();
        boolean answered = false;
        try {
            send(OP_START, payload, id -> pending.addStart(id, request, answer));
            var started = await(answer);
            answered = true;
            return started;
        } finally {
            if (!answered && !answer.cancel(false) && answer.state() == CompletableFuture.State.SUCCESS) {
                answer.resultNow().close();
                killUnwanted(answer.resultNow().id());
            }
        }
    }

    /** Signals what a start began, if anything is left of it; returns how many processes were met. */
    int signal(int id, int signal, Scope scope) throws InterruptedException {
        var payload = ByteBuffer.allocate(Integer.BYTES * 2 + 1)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(id)
                .putInt(signal)
                .put((byte) scope.ordinal());
        var answer = new CompletableFuture<Integer>();
        send(OP_SIGNAL, payload.array(), request -> pending.addSignal(request, answer));
        try {
            return await(answer);
        } catch (ResidentRefusal gone) {
            return 0;
        }
    }

    /** Asks the resident to exit, which ends everything in the sandbox; closes the channel. Does not wait. */
    void end() {
        Thread.ofVirtual().start(() -> {
            try {
                send(OP_END, new byte[0], id -> {});
            } catch (InterruptedException | SandboxException alreadyGone) {
                // The end of the socket says the same.
            } finally {
                close();
            }
        });
    }

    /** Lets go; the resident sees the end of its socket and exits. */
    @Override
    public void close() {
        socket.close();
    }

    /** Numbers run out after two thousand million requests; the sandbox then ends rather than mix two of them up. */
    private int nextId() {
        lastId++;
        if (lastId <= 0) {
            close();
        }
        return lastId;
    }

    private void killUnwanted(int id) {
        Thread.ofVirtual().start(() -> {
            try {
                signal(id, 9, Scope.DESCENDANTS);
            } catch (InterruptedException | SandboxException alreadyGone) {
                // Nothing runs in a sandbox that has ended.
            }
        });
    }

    private <T> T await(CompletableFuture<T> answer) throws ResidentRefusal, InterruptedException {
        try {
            return answer.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof ResidentRefusal refusal) {
                throw refusal;
            }
            if (failed.getCause() instanceof SandboxException known) {
                throw known;
            }
            throw new IllegalStateException(failed);
        } catch (TimeoutException late) {
            throw new SandboxException(
                            ErrorCode.PROVIDER_FAILURE,
                            "the sandbox did not answer within " + patience.toSeconds() + " s")
                    .action("try again; one that stays silent is started anew and keeps its files");
        }
    }

    /**
     * Sends a request whole or not at all; only before its first packet can it be interrupted. Numbers are given while
     * sending, because the resident takes them in rising order only.
     *
     * @param expect told the number before anything is sent
     */
    private void send(int op, byte[] payload, IntConsumer expect) throws InterruptedException {
        sending.lockInterruptibly();
        boolean interrupted = false;
        int offset = 0;
        try {
            int id = nextId();
            expect.accept(id);
            watch();
            do {
                int length = Math.min(PART, payload.length - offset);
                try {
                    socket.send(packet(id, op, payload, offset, length));
                    offset += length;
                } catch (InterruptedIOException interruption) {
                    interrupted = Thread.interrupted();
                    if (offset == 0) {
                        pending.forget(id);
                        throw new InterruptedException();
                    }
                }
            } while (offset < payload.length);
        } catch (IOException failed) {
            close();
            throw ended(failed);
        } finally {
            sending.unlock();
            if (interrupted && offset > 0) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static byte[] packet(int id, int op, byte[] payload, int offset, int length) {
        boolean last = offset + length == payload.length;
        return ByteBuffer.allocate(HEADER + length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(id)
                .put((byte) op)
                .put((byte) (last ? 1 : 0))
                .putShort((short) 0)
                .put(payload, offset, length)
                .array();
    }

    /** Has somebody look out for silence while answers are due; one thread at a time, and none where nobody asks. */
    private void watch() {
        if (watched.compareAndSet(false, true)) {
            Thread.ofVirtual().name("resident-watch").start(this::awaitSilence);
        }
    }

    private void awaitSilence() {
        boolean due;
        do {
            due = pending.isWaiting();
            long before = answers.get();
            if (isClosedWithin(patience.multipliedBy(2))) {
                return;
            }
            if (due && before == answers.get()) {
                close();
                return;
            }
            if (!due) {
                watched.set(false);
            }
        } while (due || (pending.isWaiting() && watched.compareAndSet(false, true)));
    }

    private boolean isClosedWithin(Duration time) {
        try {
            closed.get(time.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException open) {
            return false;
        } catch (ExecutionException | InterruptedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private void receive() {
        var reason = new IOException("the resident is gone");
        try {
            for (var packet = socket.receive(); packet != null; packet = socket.receive()) {
                answers.incrementAndGet();
                pending.accept(packet);
            }
        } catch (IOException broken) {
            reason = broken;
        } finally {
            socket.close();
            closed.complete(null);
            pending.failAll(ended(reason));
        }
    }

    private static SandboxException ended(IOException reason) {
        return new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "the sandbox ended", reason);
    }
}
