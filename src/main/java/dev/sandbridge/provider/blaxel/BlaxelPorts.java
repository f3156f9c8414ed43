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
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Ports of one sandbox, published as previews of Blaxel. */
final class BlaxelPorts implements SandboxPorts {
    private static final Logger LOG = Logger.getLogger(BlaxelPorts.class.getName());
    static final String TOKEN_HEADER = "X-Blaxel-Preview-Token";
    static final String TOKEN_QUERY = "bl_preview_token";

    /** 80 cannot be published; 443 and 8080 lead to Blaxel's own server, which would give the whole sandbox away. */
    private static final Set<Integer> RESERVED = Set.of(80, 443, 8080);

    private static final long LONGEST_LAG = Duration.ofSeconds(5).toNanos();
    private static final long LONGEST_REMOVAL = Duration.ofSeconds(10).toNanos();

    private final ControlPlane control;
    private final Previews previews;
    private final Timing timing;
    private final RandomGenerator random;
    private final SandboxName sandbox;
    private final String createdAt;
    private final Runnable requireThere;

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
        requireSame();
        Instant end = control.now().plus(life).truncatedTo(ChronoUnit.SECONDS);
        Optional<Preview> made = made(port, open, open ? end : null);
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
                takeBack(port);
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

    /** A preview made now; empty if there was one. An answer that was lost is looked for. */
    private Optional<Preview> made(int port, boolean open, @Nullable Instant end) {
        try {
            return previews.create(sandbox, port, open, end);
        } catch (InterruptedIOException interrupted) {
            throw Http.unreachable("publishing a port", interrupted);
        } catch (IOException lost) {
            return Optional.of(previews.find(sandbox, port)
                    .filter(found -> found.port() == port && found.isPublic() == open)
                    .orElseThrow(() -> Http.unreachable("publishing a port", lost)));
        }
    }

    private Preview existing(int port, boolean open, Instant end) {
        Preview found = previews.find(sandbox, port)
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

    /** On a thread of its own, because an interrupted one can ask nobody anything. */
    private void takeBack(int port) {
        Thread.ofVirtual().name("blaxel-withdraw").start(() -> {
            try {
                previews.delete(sandbox, port);
            } catch (SandboxException failed) {
                LOG.log(Level.WARNING, "a port of sandbox " + sandbox + " stays published", failed);
            }
        });
    }

    private void requireSame() {
        boolean same = control.find(sandbox)
                .filter(now -> now.createdAt().equals(createdAt) && now.stage() == Instance.Stage.READY)
                .isPresent();
        if (!same) {
            throw ControlPlane.gone();
        }
    }

    private void pause() {
        try {
            Http.sleep(timing.poll().toNanos() / 2);
        } catch (InterruptedIOException interrupted) {
            throw Http.unreachable("waiting for a published port", interrupted);
        }
    }
}
