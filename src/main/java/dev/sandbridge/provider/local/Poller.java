package dev.sandbridge.provider.local;

import java.io.IOException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Wakes threads that wait for file descriptors, all of them with one platform thread and one epoll instance, so that
 * a waiting virtual thread holds no carrier. The JDK's own poller knows sockets only.
 *
 * <p>Each wait arms its descriptor for one event. Events carry a name that is never used again instead of the
 * descriptor number, so an event that was already under way when a number was closed and reused meets nobody.
 */
final class Poller implements AutoCloseable {
    /** What a thread waits to do. */
    enum Direction {
        READ(Epoll.IN),
        WRITE(Epoll.OUT);

        private final int events;

        Direction(int events) {
            this.events = events;
        }
    }

    private static final long WAKE_UP = 0;

    private final ConcurrentHashMap<Long, Descriptor> armed = new ConcurrentHashMap<>();
    private final AtomicLong names = new AtomicLong(WAKE_UP);
    private final Epoll epoll;
    private final int wakeUp;
    private final Thread thread;

    Poller() throws IOException {
        epoll = new Epoll();
        wakeUp = epoll.wakeUpSource(WAKE_UP);
        thread = Thread.ofPlatform().daemon().name("sandbridge-poller").start(this::run);
    }

    /**
     * Asks for one signal.
     *
     * @param name what this returned before for the same descriptor, or 0 at first
     */
    long arm(Descriptor descriptor, int fd, long name, Direction direction) throws IOException {
        int events = direction.events | Epoll.ONE_SHOT;
        if (name != 0) {
            epoll.modify(fd, events, name);
            return name;
        }
        long fresh = names.incrementAndGet();
        armed.put(fresh, descriptor);
        try {
            epoll.add(fd, events, fresh);
        } catch (IOException failed) {
            armed.remove(fresh);
            throw failed;
        }
        return fresh;
    }

    /**
     * Forgets a descriptor before its number is closed. Closing alone would not: the kernel keeps watching while any
     * other process holds the same open file, and a sandbox may.
     */
    void disarm(int fd, long name) {
        armed.remove(name);
        epoll.remove(fd);
    }

    /** How many descriptors are known; for tests that look for leaks. */
    int size() {
        return armed.size();
    }

    /** Ends the thread. Whoever still waits is never woken, so owners close their descriptors first. */
    @Override
    public void close() {
        epoll.signal(wakeUp);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException keepWaiting) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        FdCalls.close(wakeUp);
        epoll.close();
    }

    private void run() {
        var names = new long[Epoll.BATCH];
        var events = new int[Epoll.BATCH];
        while (true) {
            int count = epoll.await(names, events);
            for (int i = 0; i < count; i++) {
                if (names[i] == WAKE_UP) {
                    return;
                }
                var descriptor = armed.get(names[i]);
                if (descriptor == null) {
                    continue;
                }
                if ((events[i] & Epoll.HANG_UP) != 0) {
                    descriptor.finish();
                } else {
                    descriptor.signal();
                }
            }
        }
    }
}
