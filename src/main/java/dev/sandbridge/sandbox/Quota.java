package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxSpec;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** How many sandboxes one owner may have at once, also while many are being made. */
final class Quota {
    private final int maxPerOwner;
    private final Map<OwnerId, Set<SandboxName>> inMaking = new HashMap<>();

    Quota(int maxPerOwner) {
        this.maxPerOwner = maxPerOwner;
    }

    /** Room for one sandbox while it is made; close it when the sandbox is listed, or was not made. */
    interface Room extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Those who came first count: what they are making is either still in the making or listed afterwards.
     *
     * @param existing asked after the room is taken
     * @throws SandboxException CAPACITY_EXCEEDED if there is none
     */
    Room take(OwnerId owner, SandboxName name, Supplier<Stream<SandboxSpec>> existing) {
        Set<SandboxName> counted = new HashSet<>();
        synchronized (this) {
            var earlier = inMaking.computeIfAbsent(owner, absent -> new HashSet<>());
            counted.addAll(earlier);
            earlier.add(name);
        }
        boolean taken = false;
        try {
            existing.get()
                    .filter(spec -> spec.owner().equals(owner.text()))
                    .map(SandboxSpec::name)
                    .filter(listed -> !listed.equals(name))
                    .forEach(counted::add);
            if (counted.size() >= maxPerOwner) {
                throw new SandboxException(
                                ErrorCode.CAPACITY_EXCEEDED, "the owner has " + maxPerOwner + " sandboxes already")
                        .action("delete sandboxes that are no longer needed, or let the operator raise the limit");
            }
            taken = true;
            return () -> leave(owner, name);
        } finally {
            if (!taken) {
                leave(owner, name);
            }
        }
    }

    private synchronized void leave(OwnerId owner, SandboxName name) {
        inMaking.computeIfPresent(owner, (same, names) -> {
            names.remove(name);
            return names.isEmpty() ? null : names;
        });
    }
}
