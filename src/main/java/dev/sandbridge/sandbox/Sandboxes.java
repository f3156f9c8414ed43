package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.process.Command;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.SessionState;
import dev.sandbridge.session.StateSealer;
import dev.sandbridge.session.Timeouts;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * From an id to a sandbox: finds it, makes it, brings it back. One thread at a time makes or removes a given sandbox.
 */
final class Sandboxes {
    private static final int STRIPES = 256;

    private final Profiles profiles;
    private final SandboxIds ids;
    private final StateSealer sealer;
    private final Clock clock;
    private final int maxPerOwner;
    private final ReentrantLock[] stripes =
            Stream.generate(ReentrantLock::new).limit(STRIPES).toArray(ReentrantLock[]::new);

    /** A sandbox that exists, with what its owner chose for it. */
    record Found(SandboxId id, SandboxHandle handle, SessionState state) {}

    Sandboxes(Profiles profiles, SandboxIds ids, StateSealer sealer, Clock clock, int maxPerOwner) {
        this.profiles = profiles;
        this.ids = ids;
        this.sealer = sealer;
        this.clock = clock;
        this.maxPerOwner = maxPerOwner;
    }

    /** Checks the id's signature and owner, and the state's seal if one came along; touches nothing. */
    SandboxId verify(Caller caller, SandboxRef ref) {
        SandboxId id = ids.verify(ref.id(), caller);
        String state = ref.state();
        if (state != null && id.own()) {
            sealer.open(state, caller.owner(), id);
        }
        return id;
    }

    Optional<Found> find(SandboxId id) {
        return profiles.get(id.profile()).provider().find(id.name()).map(handle -> found(id, handle));
    }

    Found require(SandboxId id) {
        return find(id).orElseThrow(() -> new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "no such sandbox")
                .action("create one, or exec in this id to start a fresh, empty sandbox under it"));
    }

    /** The sandbox, or a fresh, empty one under the same id with a short life, as the SDK's resume needs it. */
    Found revive(Caller caller, SandboxRef ref, SandboxId id) {
        Optional<Found> alive = find(id);
        if (alive.isPresent()) {
            return alive.get();
        }
        if (!id.own()) {
            throw new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "no such sandbox");
        }
        return locked(id, () -> find(id).orElseGet(() -> {
            Profile profile = profiles.get(id.profile());
            String sealed = ref.state();
            SessionState state = sealed == null ? plain(profile) : sealer.open(sealed, caller.owner(), id);
            return make(profile, caller.owner(), id, state, profile.revivedTtl());
        }));
    }

    /** Makes a sandbox, or finds the owner's sandbox of that name. */
    Map.Entry<Found, Boolean> create(Caller caller, CreateSandbox request) {
        Profile profile = profiles.get(request.profile() == null ? caller.profile() : request.profile());
        SessionState state = chosen(profile, request);
        String alias = request.alias();
        String provider = profile.provider().id();
        if (alias == null) {
            SandboxId id = ids.issue(caller.owner(), profile.name(), provider);
            return Map.entry(make(profile, caller.owner(), id, state, state.ttl()), true);
        }
        List<SandboxId> candidates = ids.namedCandidates(caller.owner(), profile.name(), provider, alias);
        SandboxId newest = candidates.getFirst();
        return locked(newest, () -> candidates.stream()
                .flatMap(id -> find(id).stream())
                .findFirst()
                .map(found -> Map.entry(found, false))
                .orElseGet(() -> Map.entry(make(profile, caller.owner(), newest, state, state.ttl()), true)));
    }

    /** Removes it from its provider; whether there was one. */
    boolean delete(SandboxId id) {
        return locked(id, () -> profiles.get(id.profile()).provider().delete(id.name()));
    }

    /** The state a sandbox found in a list carries. */
    SessionState stateOf(SandboxSpec spec, SandboxId id) {
        return sealer.open(spec.state(), new OwnerId(spec.owner()), id);
    }

    String seal(SessionState state, SandboxSpec spec, SandboxId id) {
        return sealer.seal(state, new OwnerId(spec.owner()), id);
    }

    private Found found(SandboxId id, SandboxHandle handle) {
        return new Found(id, handle, stateOf(handle.spec(), id));
    }

    private Found make(Profile profile, OwnerId owner, SandboxId id, SessionState state, Duration life) {
        requireRoom(profile, owner);
        Instant now = clock.instant();
        var spec = new SandboxSpec(
                id.name(),
                id.text(),
                owner.text(),
                profile.name(),
                state.alias(),
                state.image() == null ? profile.image() : state.image(),
                profile.network(),
                state.limits(),
                state.labels(),
                sealer.seal(state, owner, id),
                now,
                now.plus(life));
        return new Found(id, profile.provider().create(spec), state);
    }

    private void requireRoom(Profile profile, OwnerId owner) {
        long owned = profile.provider().list().stream()
                .filter(spec -> spec.owner().equals(owner.text()))
                .count();
        if (owned >= maxPerOwner) {
            throw new SandboxException(
                            ErrorCode.CAPACITY_EXCEEDED, "the owner has " + maxPerOwner + " sandboxes already")
                    .action("delete sandboxes that are no longer needed, or let the operator raise the limit");
        }
    }

    private SessionState plain(Profile profile) {
        return new SessionState(
                profile.name(),
                null,
                null,
                Map.of(),
                Map.of(),
                profile.defaults(),
                Timeouts.DEFAULT,
                profile.revivedTtl(),
                List.of(),
                clock.instant());
    }

    private SessionState chosen(Profile profile, CreateSandbox request) {
        if (request.image() != null && !profile.images()) {
            throw new SandboxException(
                    ErrorCode.CAPABILITY_UNAVAILABLE,
                    "profile " + profile.name() + " does not let callers choose an image");
        }
        String alias = request.alias();
        if (alias != null && !alias.matches("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}")) {
            throw new SandboxException(
                    ErrorCode.INVALID_REQUEST, "name must be 1 to 63 of letters, digits, dot, dash, underscore");
        }
        Command.requireVariables(request.environment());
        for (int port : request.exposedPorts()) {
            if (port < 1 || port > 65535) {
                throw new SandboxException(ErrorCode.INVALID_REQUEST, "exposedPorts must hold ports from 1 to 65535");
            }
        }
        return new SessionState(
                profile.name(),
                alias,
                request.image(),
                request.environment(),
                Labels.checked(request.labels()),
                profile.limits(request.limits()),
                timeouts(request.timeouts()),
                profile.ttl(request.ttl()),
                request.exposedPorts(),
                clock.instant());
    }

    private static Timeouts timeouts(CreateSandbox.TimeoutWishes wishes) {
        Timeouts standard = Timeouts.DEFAULT;
        return new Timeouts(
                wishes.exec() == null ? null : positive("exec", wishes.exec()),
                positive("cleanup", wishes.cleanup() == null ? standard.cleanup() : wishes.cleanup()),
                positive("upload", wishes.upload() == null ? standard.upload() : wishes.upload()),
                positive("download", wishes.download() == null ? standard.download() : wishes.download()),
                positive("archive", wishes.archive() == null ? standard.archive() : wishes.archive()),
                positive("fast_op", wishes.fastOp() == null ? standard.fastOp() : wishes.fastOp()));
    }

    private static Duration positive(String field, Duration value) {
        if (value.toMillis() < 1 || value.compareTo(Duration.ofDays(7)) > 0) {
            throw new SandboxException(
                    ErrorCode.LIMIT_OUT_OF_RANGE, "timeouts." + field + " must lie between 1 millisecond and 7 days");
        }
        return value;
    }

    private <T> T locked(SandboxId id, java.util.function.Supplier<T> work) {
        ReentrantLock lock = stripes[Math.floorMod(id.name().hashCode(), STRIPES)];
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }
}
