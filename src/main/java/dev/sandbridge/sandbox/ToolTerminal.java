package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.process.OutputRing;
import dev.sandbridge.process.WholeCharacters;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalPump;
import dev.sandbridge.pty.Typing;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A tool call's command. Owns the {@link Terminal} and keeps the newest output that no answer has had, so that the
 * command never waits for somebody to ask.
 */
final class ToolTerminal {
    /** Output kept between two answers. */
    static final int KEPT = 1 << 20;

    private static final int CHUNK = 64 * 1024;

    private final Terminal terminal;
    private final boolean tty;
    private final Clock clock;
    private final Instant startedAt;
    private final OutputRing ring;
    private final CompletableFuture<Ending> ending = new CompletableFuture<>();
    private final Typing keyboard;
    private final ReentrantLock typing = new ReentrantLock();
    private final ReentrantLock reading = new ReentrantLock();
    private volatile Instant lastUsed;
    private volatile long position;

    /** How it ended, once all of its output is kept. */
    record Ending(@Nullable ExitStatus status, @Nullable String failure) {}

    /** Output that nobody has had before, and how much before it is lost. */
    record Fresh(String text, long dropped) {}

    /** Takes over a terminal that has just been started. */
    ToolTerminal(Terminal terminal, boolean tty, Clock clock, MemoryBudget memory) {
        this.terminal = terminal;
        this.keyboard = new Typing(terminal);
        this.tty = tty;
        this.clock = clock;
        this.startedAt = clock.instant();
        this.lastUsed = startedAt;
        this.ring = new OutputRing(KEPT, memory);
        Thread.ofVirtual().start(this::keep);
    }

    boolean isEnded() {
        return ending.isDone();
    }

    Instant lastUsed() {
        return lastUsed;
    }

    /** A call asks for it, or has just been answered. */
    void touch() {
        lastUsed = clock.instant();
    }

    ToolProcess describe(int id) {
        return new ToolProcess(id, tty, !isEnded(), startedAt, lastUsed, Math.max(0, ring.total() - position));
    }

    /**
     * Types; callers take turns. What is typed to a command that has ended is lost, as on any terminal.
     *
     * @throws SandboxException CONFLICT for a command on pipes; EXEC_TRANSPORT_ERROR where it may not have arrived
     * @throws InterruptedIOException when interrupted; some of it may have been typed
     */
    void type(String text) throws InterruptedIOException {
        if (!tty) {
            throw new SandboxException(ErrorCode.CONFLICT, "stdin is not available for this process")
                    .action("start it with tty true to type into it");
        }
        try {
            typing.lockInterruptibly();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while another call typed");
        }
        try {
            keyboard.type(text.getBytes(StandardCharsets.UTF_8));
        } finally {
            typing.unlock();
        }
    }

    /** Waits for the command's end at most so long. Output alone ends no wait: more of it may follow. */
    @Nullable
    Ending await(Duration time) throws InterruptedException {
        try {
            return ending.get(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException running) {
            return null;
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Takes the output that is new. What ends within a character leaves its bytes to the next answer.
     *
     * @param last whether none follows
     */
    Fresh take(boolean last) throws InterruptedException {
        reading.lockInterruptibly();
        try {
            OutputPart part = ring.read(position, KEPT, Duration.ZERO);
            byte[] bytes = part.bytes();
            int from = part.gap() > 0 ? rest(bytes) : 0;
            int to = last ? bytes.length : bytes.length - WholeCharacters.unfinished(bytes, from, bytes.length - from);
            position = part.offset() + to;
            return new Fresh(new String(bytes, from, to - from, StandardCharsets.UTF_8), part.gap() + from);
        } finally {
            reading.unlock();
        }
    }

    /** Ends it and everything it started, and lets go of it. */
    void end() {
        try {
            terminal.kill();
        } finally {
            release();
        }
    }

    /** Lets go of it where its processes have ended. */
    void release() {
        terminal.close();
        ring.release();
    }

    /** How many bytes at the beginning belong to a character whose beginning is lost. */
    private static int rest(byte[] bytes) {
        int count = 0;
        while (count < bytes.length && count < 3 && (bytes[count] & 0xC0) == 0x80) {
            count++;
        }
        return count;
    }

    private void keep() {
        Ending end = new Ending(null, "its output broke off");
        try {
            ExitStatus status = new TerminalPump(terminal, CHUNK, bytes -> ring.write(bytes, 0, bytes.length)).run();
            end = new Ending(status, null);
        } catch (SandboxException unknown) {
            end = new Ending(null, unknown.getMessage());
        } catch (IOException | RuntimeException broken) {
            abandon();
        } finally {
            ring.end();
            ending.complete(end);
        }
    }

    /** It would stand still, or write to nobody for ever. */
    private void abandon() {
        try {
            terminal.kill();
        } catch (SandboxException gone) {
            // With its sandbox.
        }
    }
}
