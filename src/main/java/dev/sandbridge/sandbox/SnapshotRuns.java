package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.session.SandboxIds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Takes snapshots of many sandboxes, for the service itself. Sandboxes are neither started anew nor given a longer life
 * by it.
 */
final class SnapshotRuns {
    /** Sees every genuine id, whoever's it is. */
    private static final Caller SERVICE = new Caller(new OwnerId("service"), Role.ADMIN, "snapshots", null);

    private final Profiles profiles;
    private final SandboxIds ids;
    private final Visits visits;
    private final Catalogue catalogue;
    private final SnapshotService snapshots;
    private final RandomGenerator order;

    /** @param order in which sandboxes are gone through */
    SnapshotRuns(
            Profiles profiles,
            SandboxIds ids,
            Visits visits,
            Catalogue catalogue,
            SnapshotService snapshots,
            RandomGenerator order) {
        this.profiles = profiles;
        this.ids = ids;
        this.visits = visits;
        this.catalogue = catalogue;
        this.snapshots = snapshots;
        this.order = order;
    }

    private enum Outcome {
        TAKEN,
        UNCHANGED,
        SKIPPED
    }

    /** A failure of one sandbox stops no other. */
    SnapshotService.RunReport run(SnapshotService.Run wish) {
        var failures = new ArrayList<RuntimeException>();
        var counts = new int[Outcome.values().length];
        List<SandboxId> wanted = wanted(wish, failures);
        int tried = 0;
        for (SandboxId id : wanted) {
            Duration left = wish.left().get();
            if (tried >= wish.limit() || !left.isPositive()) {
                break;
            }
            tried++;
            try {
                counts[take(id, wish, left).ordinal()]++;
            } catch (RuntimeException failed) {
                failures.add(failed);
            }
        }
        return new SnapshotService.RunReport(
                wanted.size(),
                counts[Outcome.TAKEN.ordinal()],
                counts[Outcome.UNCHANGED.ordinal()],
                counts[Outcome.SKIPPED.ordinal()],
                wanted.size() - tried,
                failures);
    }

    private List<SandboxId> wanted(SnapshotService.Run wish, List<RuntimeException> failures) {
        var wanted = new ArrayList<SandboxId>();
        List<String> named = wish.ids();
        if (named == null) {
            profiles.providers().forEach(provider -> wanted.addAll(listed(provider, wish, failures)));
            // Not always the same ones first: a run that ends early must not leave the same ones every time.
            Collections.shuffle(wanted, order);
            return wanted;
        }
        for (String id : named) {
            try {
                wanted.add(ids.verify(id, SERVICE));
            } catch (SandboxException forged) {
                failures.add(forged);
            }
        }
        return wanted;
    }

    /** Without what a retired secret signed: its state cannot be opened any more. */
    private List<SandboxId> listed(
            SandboxProvider provider, SnapshotService.Run wish, List<RuntimeException> failures) {
        try {
            return provider.list().stream()
                    .filter(spec -> isWanted(spec, wish))
                    .flatMap(spec -> ids.recognise(spec.id(), SERVICE).stream())
                    .toList();
        } catch (RuntimeException failed) {
            failures.add(failed);
            return List.of();
        }
    }

    private boolean isWanted(SandboxSpec spec, SnapshotService.Run wish) {
        return !catalogue.isExpired(spec)
                && spec.labels().entrySet().containsAll(wish.labels().entrySet());
    }

    private Outcome take(SandboxId id, SnapshotService.Run wish, Duration left) {
        try (Visits.Visit visit = visits.look(id)) {
            if (!isWanted(visit.found().handle().spec(), wish)) {
                return Outcome.SKIPPED;
            }
            return snapshots.refresh(visit.found(), left).isPresent() ? Outcome.TAKEN : Outcome.UNCHANGED;
        } catch (SandboxException failed) {
            if (failed.code() == ErrorCode.SANDBOX_NOT_FOUND) {
                return Outcome.SKIPPED;
            }
            throw failed;
        }
    }
}
