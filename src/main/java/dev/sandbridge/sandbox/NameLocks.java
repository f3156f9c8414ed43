package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** One thread at a time for each name; now and then another name has to wait along. Waiting can be interrupted. */
final class NameLocks {
    private static final int STRIPES = 256;

    private final ReentrantLock[] stripes =
            Stream.generate(ReentrantLock::new).limit(STRIPES).toArray(ReentrantLock[]::new);

    <T> T locked(Object name, Supplier<T> work) {
        ReentrantLock lock = stripes[Math.floorMod(name.hashCode(), STRIPES)];
        try {
            lock.lockInterruptibly();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException(
                    ErrorCode.OPERATION_TIMEOUT, "another call that makes or removes it did not end in time");
        }
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }
}
