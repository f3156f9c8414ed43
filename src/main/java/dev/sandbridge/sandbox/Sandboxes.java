package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.SessionState;
import dev.sandbridge.session.StateSealer;
import dev.sandbridge.session.Timeouts;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * From an id to a sandbox: finds it, makes it, brings it back, removes it. One thread at a time makes or removes a
 * given sandbox.
 */
final class Sandboxes {
    private final Profiles profiles;
    private final SandboxIds ids;
    private final StateSealer sealer;
    private final Clock clock;
    private final Quota quota;
    private final Deadlines deadlines;
    private final Duration makingLimit;
    private final NameLocks aliases = new NameLocks();
    private final NameLocks lives = new NameLocks();

    /** A sandbox that exists, with what its owner chose for it. */
    record Found(SandboxId id, SandboxHandle handle, SessionState state) {}

    /** A sandbox, and whether this call made it. */
    record Made(Found found, boolean created) {}

    /** @param makingLimit how long making one sandbox may take */
    Sandboxes(
            Profiles profiles,
            SandboxIds ids,
            StateSealer sealer,
            Clock clock,
            Quota quota,
            Deadlines deadlines,
            Duration makingLimit) {
        this.profiles = profiles;
        this.ids = ids;
        this.sealer = sealer;
        this.clock = clock;
        this.quota = quota;
        this.deadlines = deadlines;
        this.makingLimit = makingLimit;
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

    /** The sandbox as its provider has it, whatever its state. */
    Optional<SandboxHandle> handle(SandboxId id) {
        SandboxProvider provider = profiles.provider(id.provider());
        return deadlines.quick(Timeouts.DEFAULT.fastOp(), "finding the sandbox", () -> provider.find(id.name()));
    }

    Optional<Found> find(SandboxId id) {
        return found(id, () -> handle(id));
    }

    /** As {@link #find}, by what the provider knew a few seconds ago. */
    Optional<Found> recall(SandboxId id) {
        SandboxProvider provider = profiles.provider(id.provider());
        Duration limit = Timeouts.DEFAULT.fastOp();
        return found(id, () -> deadlines.quick(limit, "finding the sandbox", () -> provider.recall(id.name())));
    }

    private Optional<Found> found(SandboxId id, Supplier<Optional<SandboxHandle>> search) {
        try {
            return search.get().map(handle -> new Found(id, handle, kept(handle.spec(), id)));
        } catch (SandboxException failed) {
            if (failed.code() == ErrorCode.SANDBOX_NOT_FOUND) {
                // Deleted while it was looked at.
                return Optional.empty();
            }
            throw failed;
        }
    }

    /** What the provider kept; that it cannot be read is not the caller's mistake. */
    private SessionState kept(SandboxSpec spec, SandboxId id) {
        try {
            return stateOf(spec, id);
        } catch (SandboxException unreadable) {
            throw new SandboxException(
                            ErrorCode.PROVIDER_FAILURE,
                            "what was kept of the sandbox's options cannot be read",
                            unreadable)
                    .action("delete it; a command or file for its id then starts a fresh one");
        }
    }

    Found require(SandboxId id) {
        return find(id).orElseThrow(Sandboxes::notFound);
    }

    /** The sandbox, or a fresh, empty one under the same id with a short life, as the SDK's resume needs it. */
    Found revive(Caller caller, SandboxRef ref, SandboxId id) {
        Optional<Found> alive = find(id);
        if (alive.isPresent()) {
            return alive.get();
        }
        Profile profile = profiles.find(id.profile())
                .filter(today -> today.provider().id().equals(id.provider()))
                .orElseThrow(Sandboxes::notFound);
        String sealed = ref.state();
        SessionState state = sealed == null
                ? Wishes.plain(profile, now())
                : Wishes.remembered(profile, sealer.open(sealed, caller.owner(), id));
        return findOrMake(profile, caller.owner(), id, state).found();
    }

    /**
     * Makes a sandbox, or finds the owner's sandbox of that name, in whatever profile.
     *
     * @throws SandboxException CONFLICT if it is in another profile than the request names
     */
    Made create(Caller caller, CreateSandbox request) {
        Profile profile = profiles.get(request.profile() == null ? caller.profile() : request.profile());
        SessionState state = Wishes.chosen(profile, request, now());
        OwnerId owner = caller.owner();
        String alias = request.alias();
        if (alias == null) {
            SandboxId id = ids.issue(owner, profile.name(), profile.provider().id());
            return make(profile, owner, id, state);
        }
        // Not by id: while secrets rotate, two calls may know different ids of one alias.
        return aliases.locked(List.of(owner, alias), () -> named(profile, owner, alias)
                .or(() -> elsewhere(profile, owner, alias, request.profile() != null))
                .map(found -> new Made(found, false))
                .orElseGet(() -> findOrMake(
                        profile, owner, candidates(profile, owner, alias).getFirst(), state)));
    }

    /** The ids that a name can have in a profile; the first is that of a new sandbox. */
    private List<SandboxId> candidates(Profile profile, OwnerId owner, String alias) {
        return ids.namedCandidates(owner, profile.name(), profile.provider().id(), alias);
    }

    private Optional<Found> named(Profile profile, OwnerId owner, String alias) {
        return candidates(profile, owner, alias).stream()
                .flatMap(id -> find(id).stream())
                .findFirst();
    }

    /** A living sandbox of that name in another profile than the one that was looked at. */
    private Optional<Found> elsewhere(Profile profile, OwnerId owner, String alias, boolean isRefused) {
        Optional<Found> found = profiles.others(profile).stream()
                .flatMap(other -> ifOffered(other, owner, alias).stream())
                .filter(other -> now().isBefore(other.handle().spec().expiresAt()))
                .findFirst();
        if (isRefused && found.isPresent()) {
            throw new SandboxException(
                            ErrorCode.CONFLICT,
                            "a sandbox of that name exists in profile "
                                    + found.get().id().profile())
                    .action("name that profile, or none, to get it; or delete it; or choose another name")
                    .retry(Retry.NO);
        }
        return found;
    }

    /** As {@link #named}: a provider that cannot work here must not stand in the way of the others. */
    private Optional<Found> ifOffered(Profile profile, OwnerId owner, String alias) {
        try {
            return named(profile, owner, alias);
        } catch (SandboxException failed) {
            if (failed.code() == ErrorCode.CAPABILITY_UNAVAILABLE) {
                return Optional.empty();
            }
            throw failed;
        }
    }

    /**
     * Removes a sandbox from its provider; whether there was one.
     *
     * @param forget what else has to go with it, before it can come back
     */
    boolean delete(SandboxProvider provider, SandboxName name, Runnable forget) {
        return lives.locked(name, () -> {
            boolean existed = provider.delete(name);
            forget.run();
            return existed;
        });
    }

    /** The state of a sandbox in a list. */
    SessionState stateOf(SandboxSpec spec, SandboxId id) {
        return sealer.open(spec.state(), new OwnerId(spec.owner()), id);
    }

    String seal(SessionState state, SandboxSpec spec, SandboxId id) {
        return sealer.seal(state, new OwnerId(spec.owner()), id);
    }

    private Made findOrMake(Profile profile, OwnerId owner, SandboxId id, SessionState state) {
        return lives.locked(id.name(), () -> find(id).map(found -> new Made(found, false))
                .orElseGet(() -> make(profile, owner, id, state)));
    }

    private Made make(Profile profile, OwnerId owner, SandboxId id, SessionState state) {
        Instant now = now();
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
                now.plus(state.ttl()));
        try (var room = quota.take(owner, id.name(), this::listed)) {
            return new Made(new Found(id, makeOrUndo(profile.provider(), spec), state), true);
        } catch (SandboxException failed) {
            if (failed.code() != ErrorCode.CONFLICT) {
                throw failed;
            }
            // Another service of the same provider was faster.
            return new Made(find(id).orElseThrow(() -> failed), false);
        }
    }

    private SandboxHandle makeOrUndo(SandboxProvider provider, SandboxSpec spec) {
        try {
            return deadlines.quick(makingLimit, "making the sandbox", () -> provider.create(spec));
        } catch (RuntimeException failed) {
            undo(provider, spec, failed);
            throw failed;
        }
    }

    private Stream<SandboxSpec> listed() {
        return profiles.providers().stream().flatMap(provider -> provider.list().stream());
    }

    /** A create that failed, or was given up, may have had its effect all the same. Its state tells whose it is. */
    private void undo(SandboxProvider provider, SandboxSpec spec, RuntimeException failed) {
        try {
            deadlines.quick(Timeouts.DEFAULT.cleanup(), "removing what was made", () -> provider.find(spec.name())
                    .filter(handle -> handle.spec().state().equals(spec.state()))
                    .map(handle -> provider.delete(spec.name())));
        } catch (RuntimeException alsoFailed) {
            // It goes at its expiry.
            failed.addSuppressed(alsoFailed);
        }
    }

    /** To the millisecond, in which lists are ordered. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }

    static SandboxException notFound() {
        return new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "no such sandbox")
                .action("create one, or exec in this id to start a fresh, empty sandbox under it");
    }
}
