package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxPorts;
import dev.sandbridge.provider.blaxel.Previews.Preview;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;

/** Ports of one sandbox, published as previews of Blaxel. */
final class BlaxelPorts implements SandboxPorts {
    private static final Logger LOG = Logger.getLogger(BlaxelPorts.class.getName());
    static final String TOKEN_HEADER = "X-Blaxel-Preview-Token";
    static final String TOKEN_QUERY = "bl_preview_token";

    /** 80 cannot be published; 443 and 8080 lead to Blaxel's own server, which would give the whole sandbox away. */
    private static final Set<Integer> RESERVED = Set.of(80, 443, 8080);

    private static final long LONGEST_LAG = Duration.ofSeconds(5).toNanos();
    private static final long LONGEST_LOOK = Duration.ofSeconds(10).toNanos();

    /** Of the pauses between two looks at what may come late, by the first one. */
    private static final int SLOWEST_LOOK = 8;

    private static final long LONGEST_REMOVAL = Duration.ofSeconds(10).toNanos();

    private final ControlPlane control;
    private final Previews previews;
    private final Timing timing;
    private final RandomGenerator random;
    private final SandboxName sandbox;
    private final String createdAt;
    private final Runnable requireThere;

    /** Attempts of which nobody knows the outcome, until they are withdrawn or the port is published on purpose. */
    private final Set<Attempt> doubts = ConcurrentHashMap.newKeySet();

    /** Read by who publishes, and written by who withdraws what came late: not what was published meanwhile. */
    private final ReadWriteLock publishing = new ReentrantReadWriteLock();

    /** One attempt to publish. Blaxel names a preview by its port alone, so its end tells whose an open one is. */
    private record Attempt(int port, boolean open, Instant end) {
        boolean made(Preview found) {
            Instant told = found.expires();
            return found.port() == port && found.isPublic() == open && (!open || told == null || told.equals(end));
        }
    }

    /** @param requireThere throws once the sandbox is known to be gone */
    BlaxelPorts(ControlPlane control, Timing timing, RandomGenerator random, Instance instance, Runnable requireThere) {
        this.control = control;
        this.previews = control.previews();
        this.timing = timing;
        this.random = random;
        this.sandbox = instance.spec().name();
        this.createdAt = instance.createdAt();
        this.requireThere = requireThere;
    }

    @Override
    public Published publish(int port, boolean open, Duration life) {
        requireThere.run();
        if (port < 1 || port > 65_535 || RESERVED.contains(port)) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "Blaxel cannot publish port " + port)
                    .action("let the program listen on another port than 80, 443 and 8080, on all addresses");
        }
        publishing.readLock().lock();
        try {
            Published published = published(port, open, life);
            doubts.removeIf(doubt -> doubt.port() == port);
            return published;
        } finally {
            publishing.readLock().unlock();
        }
    }

    private Published published(int port, boolean open, Duration life) {
        requireSame();
        Instant end = control.now().plus(life).truncatedTo(ChronoUnit.SECONDS);
        var attempt = new Attempt(port, open, end);
        Optional<Preview> made = made(attempt);
        Preview preview = made.orElseGet(() -> existing(port, open, end));
        boolean complete = false;
        try {
            // Blaxel publishes ports of sandboxes that are gone: then this would show the next one of that name.
            requireSame();
            Published published = open ? open(preview) : withRight(preview, end);
            if (made.isPresent()) {
                awaitEdge(published);
            }
            complete = true;
            return published;
        } finally {
            if (!complete && made.isPresent()) {
                takeBack(attempt, true);
            }
        }
    }

    @Override
    public List<Published> list() {
        requireThere.run();
        return previews.list(sandbox).stream()
                .map(BlaxelPorts::open)
                .sorted(Comparator.comparing(Published::port))
                .toList();
    }

    @Override
    public boolean unpublish(int port) {
        requireThere.run();
        if (!previews.delete(sandbox, port)) {
            return false;
        }
        long end =
                System.nanoTime() + Math.min(LONGEST_REMOVAL, timing.removing().toNanos());
        while (previews.find(sandbox, port).isPresent()) {
            if (System.nanoTime() > end) {
                throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "Blaxel has not withdrawn the port yet")
                        .action("try again in a minute; until then its URL may still work")
                        .retry(Retry.YES);
            }
            pause();
        }
        return true;
    }

    /** A preview made now; empty if there was one. What nobody knows the outcome of is looked for, or taken back. */
    private Optional<Preview> made(Attempt attempt) {
        SandboxException lost;
        try {
            return previews.create(sandbox, attempt.port(), attempt.open(), attempt.open() ? attempt.end() : null);
        } catch (IOException broken) {
            lost = Http.unreachable("publishing a port", broken);
        } catch (Refused refused) {
            if (!refused.refusal().leavesOpen()) {
                if (refused.refusal().status() >= 500) {
                    takeBackLate(attempt);
                }
                throw refused.failure();
            }
            lost = refused.failure();
        }
        try {
            return lookedFor(attempt, lost);
        } catch (SandboxException failed) {
            takeBackLate(attempt);
            throw failed;
        }
    }

    /** What a lost answer told of; empty if the port is published, but not by this attempt. */
    private Optional<Preview> lookedFor(Attempt attempt, SandboxException lost) {
        long end = System.nanoTime() + Math.min(LONGEST_LOOK, timing.reach().toNanos());
        do {
            Optional<Preview> found = previews.find(sandbox, attempt.port());
            if (found.isPresent()) {
                return found.filter(attempt::made);
            }
            pause();
        } while (System.nanoTime() < end);
        throw lost;
    }

    private Preview existing(int port, boolean open, Instant end) {
        Preview found = previews.find(sandbox, port)
                .filter(there -> !there.isGoing())
                .orElseThrow(() -> new SandboxException(ErrorCode.CONFLICT, "the port is just being withdrawn")
                        .action("try again in a few seconds")
                        .retry(Retry.YES));
        if (found.port() != port || found.isPublic() != open) {
            throw new SandboxException(
                            ErrorCode.CONFLICT,
                            "the port is published already, " + (found.isPublic() ? "for everybody" : "privately"))
                    .action("withdraw it first");
        }
        Instant before = found.expires();
        return open && before != null && before.isBefore(end) ? previews.extend(sandbox, found, end) : found;
    }

    private static Published open(Preview preview) {
        return new Published(preview.port(), preview.isPublic(), preview.url(), Map.of(), null, preview.expires());
    }

    private Published withRight(Preview preview, Instant end) {
        String name = "right-" + Long.toString(random.nextLong(Long.MAX_VALUE), 36);
        String token = previews.token(sandbox, preview.port(), name, end);
        URI url = preview.url();
        URI browser = URI.create(url + "/?" + TOKEN_QUERY + "="
                + URLEncoder.encode(token, StandardCharsets.UTF_8).replace("+", "%20"));
        return new Published(preview.port(), false, url, Map.of(TOKEN_HEADER, token), browser, end);
    }

    /** A few seconds at most: what answers 401 or 404 for longer may be the program itself. */
    private void awaitEdge(Published published) {
        long end = System.nanoTime() + Math.min(LONGEST_LAG, timing.reach().toNanos());
        try {
            while (System.nanoTime() < end && previews.isUnknownAtTheEdge(published.url(), published.headers())) {
                pause();
            }
        } catch (InterruptedIOException interrupted) {
            throw Http.unreachable("publishing a port", interrupted);
        } catch (IOException unreachable) {
            // From here; whoever uses the URL may be elsewhere.
        }
    }

    /**
     * Watches for what a lost attempt may still publish for everybody. A private port lets nobody in without a right,
     * and the next call gives one: it stays.
     */
    private void takeBackLate(Attempt attempt) {
        if (attempt.open()) {
            takeBack(attempt, false);
        }
    }

    /**
     * Withdraws what an attempt has published; on a thread of its own, because the caller waits for nothing any more
     * and may be interrupted.
     *
     * @param known whether it has; otherwise it may come late
     */
    private void takeBack(Attempt attempt, boolean known) {
        doubts.add(attempt);
        Thread.ofVirtual().name("blaxel-withdraw").start(() -> {
            long end = System.nanoTime() + timing.late().toNanos();
            long pause = timing.poll().toNanos();
            try {
                while (!isSettled(attempt, known)) {
                    if (System.nanoTime() > end) {
                        LOG.log(Level.FINE, "nothing came of an attempt to publish a port of sandbox {0}", sandbox);
                        return;
                    }
                    Http.sleep(pause);
                    pause = Math.min(pause * 2, timing.poll().toNanos() * SLOWEST_LOOK);
                }
            } catch (InterruptedIOException interrupted) {
                LOG.log(Level.WARNING, "a port of sandbox {0} may stay published until its end", sandbox);
            } finally {
                doubts.remove(attempt);
            }
        });
    }

    /** Whether there is nothing left to withdraw: it is done, or a later call here has published the port after all. */
    private boolean isSettled(Attempt attempt, boolean known) {
        publishing.writeLock().lock();
        try {
            if (!doubts.contains(attempt)) {
                return true;
            }
            Optional<Preview> found = previews.find(sandbox, attempt.port()).filter(attempt::made);
            return found.isPresent() ? previews.delete(sandbox, attempt.port()) : known;
        } catch (SandboxException notNow) {
            return false;
        } finally {
            publishing.writeLock().unlock();
        }
    }

    private void requireSame() {
        control.require(sandbox, createdAt);
    }

    private void pause() {
        try {
            Http.sleep(timing.poll().toNanos() / 2);
        } catch (InterruptedIOException interrupted) {
            throw Http.unreachable("waiting for a published port", interrupted);
        }
    }
}
