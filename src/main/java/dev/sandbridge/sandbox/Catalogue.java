package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.provider.ProviderReport;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.SessionState;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is known about sandboxes without going into them: views, lists, labels, expiry. */
final class Catalogue {
    /**
     * An expiry is moved on use only when it would move by this much, so that a busy sandbox is not rewritten per
     * call.
     */
    private static final Duration STEP = Duration.ofSeconds(60);

    private static final Comparator<SandboxSpec> ORDER =
            Comparator.comparing(SandboxSpec::createdAt).thenComparing(SandboxSpec::id);

    private final Profiles profiles;
    private final Sandboxes sandboxes;
    private final SandboxIds ids;
    private final Clock clock;

    Catalogue(Profiles profiles, Sandboxes sandboxes, SandboxIds ids, Clock clock) {
        this.profiles = profiles;
        this.sandboxes = sandboxes;
        this.ids = ids;
        this.clock = clock;
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
        var items = new ArrayList<SandboxView>();
        String next = null;
        SandboxSpec last = null;
        for (SandboxSpec spec : all().filter(
                        spec -> owner.equals("*") || spec.owner().equals(owner))
                .filter(spec ->
                        spec.labels().entrySet().containsAll(query.labels().entrySet()))
                .filter(spec -> after(query.cursor(), spec))
                // What a retired secret signed must not take the rest of the list along.
                .filter(spec -> ids.recognise(spec.id(), caller).isPresent())
                .sorted(ORDER)
                .limit(query.limit() + 1L)
                .toList()) {
            if (items.size() == query.limit()) {
                next = last == null ? null : cursor(last);
                break;
            }
            SandboxId id = ids.verify(spec.id(), caller);
            items.add(view(id, spec, sandboxes.stateOf(spec, id)));
            last = spec;
        }
        return new Page<>(items, next);
    }

    Sandboxes.Found update(Sandboxes.Found found, SandboxUpdate update) {
        SandboxSpec spec = found.handle().spec();
        Map<String, Optional<String>> changes = update.labels();
        Map<String, String> labels = changes == null ? spec.labels() : Labels.changed(spec.labels(), changes);
        SessionState state = found.state();
        Instant expiry = spec.expiresAt();
        if (update.ttl() != null) {
            state = state.withTtl(profiles.get(spec.profile()).ttl(update.ttl()));
            expiry = clock.instant().plus(state.ttl());
        }
        Instant wanted = update.expiresAt();
        if (wanted != null) {
            Instant latest = clock.instant().plus(profiles.get(spec.profile()).maxTtl());
            if (wanted.isBefore(clock.instant()) || wanted.isAfter(latest)) {
                throw new SandboxException(
                                ErrorCode.LIMIT_OUT_OF_RANGE, "expires_at must lie between now and " + latest)
                        .action("delete the sandbox to end it now");
            }
            expiry = wanted;
        }
        state = state.withLabels(labels);
        found.handle().update(labels, sandboxes.seal(state, spec, found.id()), expiry);
        return new Sandboxes.Found(found.id(), found.handle(), state);
    }

    /** A use moves the expiry on. */
    void touch(Sandboxes.Found found) {
        SandboxSpec spec = found.handle().spec();
        Duration ttl = found.state().ttl();
        Instant expiry = clock.instant().plus(ttl);
        Duration step = ttl.dividedBy(10).compareTo(STEP) < 0 ? ttl.dividedBy(10) : STEP;
        if (expiry.isAfter(spec.expiresAt().plus(step))) {
            found.handle().update(spec.labels(), spec.state(), expiry);
        }
    }

    List<SandboxId> expired() {
        Instant now = clock.instant();
        return all().filter(spec -> !spec.expiresAt().isAfter(now))
                .flatMap(spec -> ids.recognise(spec.id(), sweeper(spec)).stream())
                .toList();
    }

    boolean isExpired(SandboxId id) {
        return sandboxes
                .find(id)
                .map(found -> !found.handle().spec().expiresAt().isAfter(clock.instant()))
                .orElse(false);
    }

    Health health() {
        var reports = providers().map(SandboxProvider::report).toList();
        var errors = reports.stream()
                .map(ProviderReport::unavailable)
                .filter(reason -> reason != null)
                .toList();
        return new Health(errors, reports);
    }

    private Stream<SandboxProvider> providers() {
        return profiles.all().stream().map(Profile::provider).distinct();
    }

    private Stream<SandboxSpec> all() {
        return providers().flatMap(provider -> provider.list().stream());
    }

    private static Caller sweeper(SandboxSpec spec) {
        return new Caller(new OwnerId(spec.owner()), Role.USE, "sweep", null);
    }

    private static String cursor(SandboxSpec spec) {
        return spec.createdAt().toEpochMilli() + "-" + spec.id();
    }

    private static boolean after(@Nullable String cursor, SandboxSpec spec) {
        if (cursor == null) {
            return true;
        }
        if (!cursor.matches("[0-9]{1,15}-[a-z2-7]{26,128}")) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "unknown cursor")
                    .action("use next of the page before, unchanged");
        }
        int dash = cursor.indexOf('-');
        long time = Long.parseLong(cursor.substring(0, dash));
        long own = spec.createdAt().toEpochMilli();
        return own > time || own == time && spec.id().compareTo(cursor.substring(dash + 1)) > 0;
    }

    private SandboxView view(SandboxId id, SandboxSpec spec, SessionState state) {
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
