package dev.sandbridge.provider;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Input of a host process whose writers can be interrupted: a thread of its own waits in the kernel instead of them.
 */
final class HostInput extends OutputStream {
    private static final long THROUGH = 1_000_000_000L;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private byte[] pending = new byte[0];
    private boolean closed;
    private boolean broken;
    private long passed;

    HostInput(OutputStream target) {
        Thread.ofPlatform().daemon().name("host-input").start(() -> pump(target));
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        lock.lock();
        try {
            requireOpen();
            pending = java.util.Arrays.copyOfRange(bytes, offset, offset + length);
            changed.signalAll();
            long before = passed;
            while (passed == before && pending.length > 0 && !broken && !closed) {
                changed.await();
            }
            // What was passed may have ended the command, which closes this before the pump has said that it is
            // through.
            long left = THROUGH;
            while (passed == before && pending.length > 0 && !broken && left > 0) {
                left = changed.awaitNanos(left);
            }
            if (passed == before && length > 0) {
                requireOpen();
            }
        } catch (InterruptedException interrupted) {
            pending = new byte[0];
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void requireOpen() throws IOException {
        if (broken || closed) {
            throw new IOException("the command has ended or closed its input");
        }
    }

    private void pump(OutputStream target) {
        try (target) {
            for (byte[] piece = next(); piece.length > 0; piece = next()) {
                target.write(piece);
                target.flush();
                finish(false);
            }
        } catch (IOException gone) {
            finish(true);
        }
    }

    private byte[] next() {
        lock.lock();
        try {
            while (pending.length == 0 && !closed) {
                changed.awaitUninterruptibly();
            }
            return pending;
        } finally {
            lock.unlock();
        }
    }

    private void finish(boolean failed) {
        lock.lock();
        try {
            broken |= failed;
            passed += failed ? 0 : 1;
            pending = new byte[0];
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
