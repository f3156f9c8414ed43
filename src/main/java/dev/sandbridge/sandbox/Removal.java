package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.Timeouts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Takes sandboxes away with all that belongs to them: on request, and those that nobody has used for their time. */
final class Removal {
    private final Profiles profiles;
    private final Sandboxes sandboxes;
    private final Catalogue catalogue;
    private final SandboxIds ids;
    private final Consumer<SandboxName> forget;
    private final Usage usage;
    private final Deadlines deadlines;

    /** @param forget has what is remembered of a sandbox forgotten once it is gone */
    Removal(
            Profiles profiles,
            Sandboxes sandboxes,
            Catalogue catalogue,
            SandboxIds ids,
            Consumer<SandboxName> forget,
            Usage usage,
            Deadlines deadlines) {
        this.profiles = profiles;
        this.sandboxes = sandboxes;
        this.catalogue = catalogue;
        this.ids = ids;
        this.forget = forget;
        this.usage = usage;
        this.deadlines = deadlines;
    }

    /** Removes a sandbox, if there is one. Open calls end with it. */
    void delete(SandboxId id) {
        limit(id).ifPresent(limit -> delete(profiles.provider(id.provider()), id.name(), limit));
    }

    /** Within the sandbox's own limit; whether there was one. Open calls end with it. */
    boolean delete(SandboxProvider provider, SandboxSpec spec) {
        return delete(provider, spec.name(), limit(spec));
    }

    private boolean delete(SandboxProvider provider, SandboxName name, Duration limit) {
        return deadlines.quick(
                limit, "deleting the sandbox", () -> sandboxes.delete(provider, name, () -> forget.accept(name)));
    }

    /** Removes a sandbox whose time is over if nobody is in it. */
    void expire(Sandboxes.Found found) {
        sweep(profiles.provider(found.id().provider()), found.handle().spec(), Reaping.ALL);
    }

    /** The sandbox without anybody else in it: calls that are have its limit to end, new ones wait. */
    Usage.Hold alone(Sandboxes.Found found) {
        try {
            return usage.exclusively(found.id().name(), found.state().timeouts().cleanup())
                    .orElseThrow(() -> new SandboxException(
                                    ErrorCode.CONFLICT, "calls still run in the sandbox; nothing of it was removed")
                            .retry(Retry.YES)
                            .action("end them first, or delete without a snapshot"));
        } catch (InterruptedException interrupted) {
            throw Visits.interrupted(interrupted);
        }
    }

    /** Removes what has expired and is not in use. What cannot be removed keeps nothing else from being. */
    Reaped reap(Reaping wish) {
        int expired = 0;
        int removed = 0;
        int tried = 0;
        int inUse = 0;
        List<RuntimeException> failures = new ArrayList<>();
        for (SandboxProvider provider : profiles.providers()) {
            for (SandboxSpec spec : expired(provider, wish, failures)) {
                expired++;
                if (tried >= wish.limit() || (tried > 0 && !wish.goesOn().getAsBoolean())) {
                    continue;
                }
                tried++;
                try {
                    boolean gone = sweep(provider, spec, wish);
                    removed += gone ? 1 : 0;
                    inUse += gone ? 0 : 1;
                } catch (RuntimeException failed) {
                    failures.add(failed);
                }
            }
        }
        return new Reaped(expired, removed, inUse, expired - tried, failures);
    }

    /** Latest first: what cannot be removed at all grows old, and must not keep the others waiting for ever. */
    private List<SandboxSpec> expired(SandboxProvider provider, Reaping wish, List<RuntimeException> failures) {
        try {
            return provider.list().stream()
                    .filter(spec -> isDue(spec, wish))
                    .sorted(Comparator.comparing(SandboxSpec::expiresAt).reversed())
                    .toList();
        } catch (RuntimeException failed) {
            failures.add(failed);
            return List.of();
        }
    }

    private boolean isDue(SandboxSpec spec, Reaping wish) {
        return catalogue.isExpired(spec, wish.grace())
                && spec.labels().entrySet().containsAll(wish.labels().entrySet());
    }

    /** Whether it is gone. */
    private boolean sweep(SandboxProvider provider, SandboxSpec listed, Reaping wish) {
        Optional<Usage.Hold> alone = usage.exclusively(listed.name());
        if (alone.isEmpty()) {
            return false;
        }
        try (var hold = alone.get()) {
            // Somebody may have used, renewed or removed it since the list was made.
            Optional<SandboxSpec> now =
                    deadlines.quick(Timeouts.DEFAULT.fastOp(), "finding the sandbox", () -> provider.find(listed.name())
                            .map(SandboxHandle::spec));
            now.filter(spec -> isDue(spec, wish)).ifPresent(spec -> delete(provider, spec));
            return now.isEmpty() || isDue(now.get(), wish);
        } catch (SandboxException failed) {
            if (failed.code() == ErrorCode.SANDBOX_NOT_FOUND) {
                return true;
            }
            throw failed;
        }
    }

    /** Empty where there is no sandbox. One that cannot be read can be removed: its id says whose it is. */
    private Optional<Duration> limit(SandboxId id) {
        try {
            return sandboxes.handle(id).map(handle -> limit(handle.spec()));
        } catch (SandboxException unreadable) {
            if (unreadable.code() != ErrorCode.PROVIDER_FAILURE) {
                throw unreadable;
            }
            return Optional.of(Timeouts.DEFAULT.cleanup());
        }
    }

    /** The sandbox's own limit, or the default where its state cannot be opened any more. */
    private Duration limit(SandboxSpec spec) {
        var owner = new Caller(new OwnerId(spec.owner()), Role.USE, "removal", null);
        try {
            return sandboxes
                    .stateOf(spec, ids.verify(spec.id(), owner))
                    .timeouts()
                    .cleanup();
        } catch (SandboxException retired) {
            return Timeouts.DEFAULT.cleanup();
        }
    }
}
