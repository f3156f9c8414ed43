package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.provider.ProviderReport;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.SessionState;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** What is known about sandboxes without going into them: views, lists, labels, expiry. */
final class Catalogue {
    /**
     * An expiry is moved on use only when it would move by this much, so that a busy sandbox is not rewritten per
     * call.
     */
    private static final Duration STEP = Duration.ofSeconds(60);

    private final Profiles profiles;
    private final Sandboxes sandboxes;
    private final SandboxIds ids;
    private final Clock clock;
    private final Usage usage;
    private final NameLocks changes = new NameLocks();

    Catalogue(Profiles profiles, Sandboxes sandboxes, SandboxIds ids, Clock clock, Usage usage) {
        this.profiles = profiles;
        this.sandboxes = sandboxes;
        this.ids = ids;
        this.clock = clock;
        this.usage = usage;
    }

    SandboxView view(Sandboxes.Found found) {
        return view(found.id(), found.handle().spec(), found.state());
    }

    Page<SandboxView> list(Caller caller, SandboxQuery query) {
        if (query.limit() < 1 || query.limit() > SandboxQuery.MAX) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "limit must lie between 1 and " + SandboxQuery.MAX);
        }
        String owner = query.owner() == null ? caller.owner().text() : query.owner();
        if (!owner.equals(caller.owner().text()) && !caller.isAdmin()) {
            throw new SandboxException(ErrorCode.FORBIDDEN, "only an admin key may list other owners' sandboxes");
        }
        String cursor = query.cursor();
        ListPosition after = cursor == null ? ListPosition.START : ListPosition.parse(cursor);
        List<SandboxSpec> found = profiles.providers().stream()
                .flatMap(provider -> provider.list().stream())
                .filter(spec -> owner.equals("*") || spec.owner().equals(owner))
                .filter(spec ->
                        spec.labels().entrySet().containsAll(query.labels().entrySet()))
                .filter(spec -> ListPosition.of(spec).compareTo(after) > 0)
                .filter(this::isAlive)
                // Nobody can point at what a retired secret signed; its expiry removes it.
                .filter(spec -> ids.recognise(spec.id(), caller).isPresent())
                .sorted(Comparator.comparing(ListPosition::of))
                .limit(query.limit() + 1L)
                .toList();
        boolean more = found.size() > query.limit();
        List<SandboxSpec> page = more ? found.subList(0, query.limit()) : found;
        return new Page<>(
                page.stream().map(spec -> listed(caller, spec)).toList(),
                more ? ListPosition.of(page.getLast()).text() : null);
    }

    Sandboxes.Found update(Sandboxes.Found found, SandboxUpdate update) {
        return changes.locked(found.id().name(), () -> {
            SandboxSpec spec = found.handle().spec();
            SessionState state = sandboxes.stateOf(spec, found.id());
            Instant expiry = spec.expiresAt();
            Map<String, Optional<String>> wishes = update.labels();
            Map<String, String> labels = wishes == null ? spec.labels() : Labels.changed(spec.labels(), wishes);
            if (update.ttl() != null) {
                state = state.withTtl(profiles.get(spec.profile()).ttl(update.ttl()));
                expiry = clock.instant().plus(state.ttl());
            }
            if (update.expiresAt() != null) {
                expiry = allowed(update.expiresAt(), profiles.get(spec.profile()));
            }
            state = state.withLabels(labels);
            found.handle().update(labels, sandboxes.seal(state, spec, found.id()), expiry);
            return new Sandboxes.Found(found.id(), found.handle(), state);
        });
    }

    /** A use moves the expiry on; never backwards, and never over a change that is made meanwhile. */
    void touch(Sandboxes.Found found) {
        if (!isDue(found.handle().spec(), found.state().ttl())) {
            return;
        }
        changes.locked(found.id().name(), () -> {
            // What was recalled may lack what another service has changed.
            SandboxSpec spec = sandboxes.require(found.id()).handle().spec();
            Duration ttl = sandboxes.stateOf(spec, found.id()).ttl();
            if (isDue(spec, ttl)) {
                found.handle().renew(clock.instant().plus(ttl));
            }
            return found;
        });
    }

    /** Whether its time is not over, or somebody is in it all the same. */
    boolean isAlive(SandboxSpec spec) {
        return usage.isUsed(spec.name()) || !isExpired(spec);
    }

    boolean isExpired(SandboxSpec spec) {
        return isExpired(spec, Duration.ZERO);
    }

    /** Whether it has been expired for so long. */
    boolean isExpired(SandboxSpec spec, Duration since) {
        return !spec.expiresAt().isAfter(clock.instant().minus(since));
    }

    Health health() {
        var reports = profiles.providers().stream().map(SandboxProvider::report).toList();
        var errors = reports.stream()
                .map(ProviderReport::unavailable)
                .filter(Objects::nonNull)
                .toList();
        return new Health(errors, reports);
    }

    private boolean isDue(SandboxSpec spec, Duration ttl) {
        Duration tenth = ttl.dividedBy(10);
        Duration step = tenth.compareTo(STEP) < 0 ? tenth : STEP;
        return clock.instant().plus(ttl).isAfter(spec.expiresAt().plus(step));
    }

    private Instant allowed(Instant expiry, Profile profile) {
        Instant now = clock.instant();
        Instant latest = now.plus(profile.maxTtl());
        if (expiry.isBefore(now) || expiry.isAfter(latest)) {
            throw new SandboxException(ErrorCode.LIMIT_OUT_OF_RANGE, "expires_at must lie between now and " + latest)
                    .action("delete the sandbox to end it now");
        }
        return expiry;
    }

    private SandboxView listed(Caller caller, SandboxSpec spec) {
        SandboxId id = ids.verify(spec.id(), caller);
        try {
            return view(id, spec, sandboxes.stateOf(spec, id));
        } catch (SandboxException retired) {
            return view(id, spec, Wishes.told(spec));
        }
    }

    private static SandboxView view(SandboxId id, SandboxSpec spec, SessionState state) {
        return new SandboxView(
                id.text(),
                spec.owner(),
                spec.alias(),
                spec.profile(),
                id.provider(),
                spec.image(),
                spec.network(),
                spec.limits(),
                state.timeouts(),
                spec.labels(),
                state.environment().keySet().stream().sorted().toList(),
                state.exposedPorts(),
                state.ttl(),
                spec.createdAt(),
                spec.expiresAt(),
                spec.state());
    }
}
