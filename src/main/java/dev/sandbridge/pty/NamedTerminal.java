package dev.sandbridge.pty;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.process.OutputRing;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One terminal that outlives its viewers. Owns the {@link Terminal} and the ring of its last output.
 *
 * <p>Every viewer reads the ring at its own pace. The command is as fast as the fastest of them: it waits when that one
 * has a whole ring unread, and one that falls further behind finds a gap. With no viewer it never waits. Thread-safe.
 */
public final class NamedTerminal implements AutoCloseable {
    private static final Duration FOREVER = Duration.ofDays(365);

    private final Terminal terminal;
    private final OutputRing ring;
    private final Clock clock;
    private final Instant startedAt;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private final ReentrantLock typing = new ReentrantLock();
    private final Set<Viewer> viewers = new HashSet<>();
    private final CompletableFuture<ExitStatus> ending = new CompletableFuture<>();
    private Instant lastUsed;
    private volatile boolean told;
    private boolean retired;
    private boolean closed;

    /**
     * Takes over a terminal, and an empty ring that begins where the terminal's output does. What that has shown before
     * is in the ring when this returns.
     */
    public NamedTerminal(Terminal terminal, OutputRing ring, Clock clock) {
        this.terminal = terminal;
        this.ring = ring;
        this.clock = clock;
        this.lastUsed = clock.instant();
        this.startedAt = terminal.past().map(Terminal.Past::startedAt).orElse(lastUsed);
        terminal.past().ifPresent(past -> recall(past.length()));
        Thread.ofVirtual().start(this::keep);
    }

    public Instant startedAt() {
        return startedAt;
    }

    /** Whether its command has ended and all of its output is in the ring. */
    public boolean isEnded() {
        return ending.isDone();
    }

    /** Whether its command has ended, how is known, and nobody has been told yet. */
    public boolean isOwed() {
        return ending.isDone() && !ending.isCompletedExceptionally() && !told;
    }

    /** Where its output ends by now. */
    public long total() {
        return ring.total();
    }

    /** Since when nobody looks at it; empty while somebody does. */
    public Optional<Instant> unwatchedSince() {
        lock.lock();
        try {
            return viewers.isEmpty() ? Optional.of(lastUsed) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Begins to look at it.
     *
     * @param offset of the first byte wanted, counted as the ring does; null for all that is kept, and so is one that
     *     this terminal's output has not had
     * @throws SandboxException CONFLICT if it has been closed
     */
    public Viewer attach(@Nullable Long offset) {
        lock.lock();
        try {
            if (closed) {
                throw new SandboxException(ErrorCode.CONFLICT, "the terminal was closed");
            }
            var viewer = new Viewer(offset, ring.keptFrom(0), ring.total());
            viewers.add(viewer);
            return viewer;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Lets go of it and forgets its output; viewers see its end. Unless it outlives services, its processes end.
     * Calling it again is harmless.
     */
    @Override
    public void close() {
        try {
            terminal.leave();
        } finally {
            release();
        }
    }

    /** Forgets its output as soon as nobody looks at it any more; for one that has ended. */
    public void retire() {
        boolean unwatched;
        lock.lock();
        try {
            retired = true;
            unwatched = viewers.isEmpty();
        } finally {
            lock.unlock();
        }
        if (unwatched) {
            release();
        }
    }

    /** Lets go of it where its processes have ended with their sandbox. */
    public void release() {
        lock.lock();
        try {
            closed = true;
            moved.signalAll();
        } finally {
            lock.unlock();
        }
        terminal.close();
        ring.release();
    }

    private void recall(int length) {
        try {
            byte[] shown = terminal.output().readNBytes(length);
            ring.write(shown, 0, shown.length);
        } catch (IOException broken) {
            // Who reads on tells why.
        }
    }

    private void keep() {
        try {
            ExitStatus status = new TerminalPump(terminal, OutputRing.LEAST, this::show).run();
            finish(() -> ending.complete(status));
        } catch (SandboxException unknown) {
            finish(() -> ending.completeExceptionally(unknown));
        } catch (IOException | RuntimeException broken) {
            // Its command loses the terminal at once and does not stand still with nobody to take its output.
            var failure = new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "the terminal broke off", broken);
            finish(() -> ending.completeExceptionally(failure));
        }
    }

    /** Lets go of the terminal before anybody is told of the end. */
    private void finish(Runnable telling) {
        try {
            terminal.close();
        } finally {
            telling.run();
            ring.end();
        }
    }

    private void show(byte[] bytes) throws IOException {
        lock.lock();
        try {
            while (!closed && !viewers.isEmpty() && fastest() < ring.keptFrom(bytes.length)) {
                moved.awaitUninterruptibly();
            }
            if (closed) {
                throw new IOException("the terminal was closed");
            }
        } finally {
            lock.unlock();
        }
        ring.write(bytes, 0, bytes.length);
    }

    private long fastest() {
        return viewers.stream().mapToLong(viewer -> viewer.position).max().orElse(Long.MAX_VALUE);
    }

    /** Somebody who looks at the terminal and types; whoever attached closes it. One thread reads. */
    public final class Viewer implements AutoCloseable {
        private final long asked;
        private final long live;
        private final Typing keyboard = new Typing(terminal);
        /** What it has been given and passed on; guarded by the terminal's lock. */
        private long position;

        private Viewer(@Nullable Long offset, long kept, long total) {
            asked = offset == null ? kept : offset;
            live = total;
            position = asked > total ? kept : Math.max(asked, kept);
        }

        /**
         * The first byte that there is to give. It lies elsewhere than where was asked when bytes are missing: after
         * that place, or before it where that is none of this terminal's output.
         */
        public long start() {
            return position;
        }

        /** Where the viewer asked to begin. */
        public long asked() {
            return asked;
        }

        /** Where the terminal's output stood at the attachment: what comes before is a replay. */
        public long live() {
            return live;
        }

        /** When the command that is seen was started. */
        public Instant startedAt() {
            return startedAt;
        }

        /**
         * What comes next, at most so much; waits for it. Whatever was returned before counts as passed on. A part
         * that is empty is the end. {@link OutputPart#gap} tells what this viewer was too slow for.
         */
        public OutputPart next(int max) throws InterruptedException {
            return ring.read(position, max, FOREVER);
        }

        /** The replay's next part: like {@link #next}, but empty, without waiting, when there is none left. */
        public OutputPart replay(int max) throws InterruptedException {
            return ring.read(position, (int) Math.clamp(live - position, 0, max), Duration.ZERO);
        }

        /** Says that everything before this offset has reached the viewer. */
        public void passed(long offset) {
            lock.lock();
            try {
                position = offset;
                moved.signalAll();
            } finally {
                lock.unlock();
            }
        }

        /**
         * Types as {@link Typing#type}; viewers take turns.
         *
         * @throws InterruptedIOException also while another one typed
         */
        public void write(byte[] bytes) throws InterruptedIOException {
            try {
                typing.lockInterruptibly();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while another viewer typed");
            }
            try {
                keyboard.type(bytes);
            } finally {
                typing.unlock();
            }
        }

        public void resize(TerminalSize size) {
            terminal.resize(size);
        }

        /** How the command ended, once all of its output is kept; fails with why that is not known. */
        public CompletableFuture<ExitStatus> exit() {
            return ending.copy();
        }

        /** Says that the end has reached the viewer: it is owed to nobody else any more. */
        public void told() {
            told = true;
        }

        /** Stops looking; the terminal goes on. */
        @Override
        public void close() {
            boolean last;
            lock.lock();
            try {
                viewers.remove(this);
                lastUsed = clock.instant();
                last = retired && viewers.isEmpty();
                moved.signalAll();
            } finally {
                lock.unlock();
            }
            if (last) {
                release();
            }
        }
    }
}
