package dev.sandbridge.sandbox;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.Timeouts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Takes sandboxes away with all that belongs to them: on request, and those that nobody has used for their time. */
final class Removal {
    private final Profiles profiles;
    private final Sandboxes sandboxes;
    private final Catalogue catalogue;
    private final SandboxIds ids;
    private final ProcessTable processes;
    private final Usage usage;
    private final Deadlines deadlines;

    Removal(
            Profiles profiles,
            Sandboxes sandboxes,
            Catalogue catalogue,
            SandboxIds ids,
            ProcessTable processes,
            Usage usage,
            Deadlines deadlines) {
        this.profiles = profiles;
        this.sandboxes = sandboxes;
        this.catalogue = catalogue;
        this.ids = ids;
        this.processes = processes;
        this.usage = usage;
        this.deadlines = deadlines;
    }

    /** Within the sandbox's own limit; whether there was one. Open calls end with it. */
    boolean delete(SandboxProvider provider, SandboxSpec spec) {
        return deadlines.quick(
                limit(spec),
                "deleting the sandbox",
                () -> sandboxes.delete(provider, spec.name(), () -> processes.forgetAll(spec.name())));
    }

    /**
     * Removes what has expired and is not in use; how many went. What cannot be removed keeps nothing else from being.
     *
     * @throws SandboxException the first failure, the others with it
     */
    int deleteExpired() {
        int count = 0;
        List<RuntimeException> failures = new ArrayList<>();
        for (SandboxProvider provider : profiles.providers()) {
            for (SandboxSpec spec : expired(provider, failures)) {
                try {
                    count += sweep(provider, spec) ? 1 : 0;
                } catch (RuntimeException failed) {
                    failures.add(failed);
                }
            }
        }
        if (!failures.isEmpty()) {
            RuntimeException first = failures.removeFirst();
            failures.forEach(first::addSuppressed);
            throw first;
        }
        return count;
    }

    private List<SandboxSpec> expired(SandboxProvider provider, List<RuntimeException> failures) {
        try {
            return provider.list().stream().filter(catalogue::isExpired).toList();
        } catch (RuntimeException failed) {
            failures.add(failed);
            return List.of();
        }
    }

    private boolean sweep(SandboxProvider provider, SandboxSpec listed) {
        Optional<Usage.Hold> alone = usage.exclusively(listed.name());
        if (alone.isEmpty()) {
            return false;
        }
        try (var hold = alone.get()) {
            // Somebody may have used or renewed it since the list was made.
            return provider.find(listed.name())
                    .map(SandboxHandle::spec)
                    .filter(catalogue::isExpired)
                    .map(spec -> delete(provider, spec))
                    .orElse(false);
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
