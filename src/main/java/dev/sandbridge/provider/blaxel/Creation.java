package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxSpec;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Makes one sandbox: ready for use, or nothing is left of it. A creation whose answer is lost goes on at Blaxel, so it
 * is awaited, recognised by the label of this attempt, and removed when it comes too late.
 */
final class Creation {
    private static final Logger LOG = Logger.getLogger(Creation.class.getName());
    private static final int ROUNDS = 4;

    private final ControlPlane control;
    private final Removal removal;
    private final Timing timing;
    private final SandboxSpec spec;
    private final String attempt;

    Creation(ControlPlane control, Removal removal, Timing timing, SandboxSpec spec, String attempt) {
        this.control = control;
        this.removal = removal;
        this.timing = timing;
        this.spec = spec;
        this.attempt = attempt;
    }

    Instance run() {
        for (int round = 0; round < ROUNDS; round++) {
            try {
                return ready(control.create(spec, attempt));
            } catch (Refused refused) {
                Refusal refusal = refused.refusal();
                if (refusal.status() == 409) {
                    Optional<Instance> ours = afterConflict();
                    if (ours.isPresent()) {
                        return ready(ours.get());
                    }
                } else if (refusal.leavesOpen()) {
                    return ready(awaited(refused));
                } else {
                    if (refusal.status() >= 500) {
                        // It failed at Blaxel in the middle of something.
                        watchAndRemove();
                    }
                    throw failure(refusal);
                }
            } catch (IOException lost) {
                return ready(awaited(lost));
            }
        }
        throw new SandboxException(ErrorCode.CONFLICT, "the sandbox's name is being taken and let go of by others")
                .retry(Retry.YES);
    }

    /**
     * Ends it again, whatever state it is in, also when that takes longer than the caller waits. What others have made
     * under its name meanwhile is left alone, with its previews: those of a name are removed by who makes it next.
     */
    void undo() {
        try {
            Optional<Instance> ours = ours();
            if (ours.isPresent()) {
                remove(ours.get());
                removal.awaitEnd(spec.name(), ours.get().createdAt());
            }
        } catch (SandboxException notNow) {
            watchAndRemove();
        }
    }

    /** What this attempt has made, as far as it is there. */
    private Optional<Instance> ours() {
        return control.find(spec.name()).filter(found -> found.isOf(attempt));
    }

    /**
     * Begins to remove what {@link #ours} has just told of. Blaxel removes by name, so this is sent once: before a
     * second time the name may be somebody else's.
     */
    private void remove(Instance ours) {
        if (ours.stage() != Instance.Stage.GOING) {
            control.delete(spec.name());
        }
    }

    /** What took the name: our own lost attempt, nothing any more, or somebody else's. */
    private Optional<Instance> afterConflict() {
        Optional<Instance> holder = control.find(spec.name());
        if (holder.isEmpty()) {
            // The name is free a little later than its record is gone.
            Removal.pause(timing.poll().toNanos());
            return holder;
        }
        if (holder.get().isOf(attempt)) {
            return holder;
        }
        switch (holder.get().stage()) {
            case READY, COMING ->
                throw new SandboxException(ErrorCode.CONFLICT, "the sandbox's name is taken at Blaxel");
            case GOING -> removal.awaitEnd(spec.name(), holder.get().createdAt());
            case DEAD -> {}
        }
        return Optional.empty();
    }

    /** The sandbox of an attempt whose answer never came. */
    private Instance awaited(Exception lost) {
        long end = System.nanoTime() + timing.creating().toNanos();
        try {
            if (lost instanceof InterruptedIOException interrupted) {
                throw interrupted;
            }
            while (System.nanoTime() < end) {
                Optional<Instance> found = control.find(spec.name());
                if (found.isPresent() && found.get().isOf(attempt)) {
                    return found.get();
                }
                Http.sleep(timing.poll().toNanos());
            }
        } catch (InterruptedIOException interrupted) {
            watchAndRemove();
            throw new SandboxException(ErrorCode.POOL_ERROR, "interrupted while a sandbox was made", interrupted);
        } catch (RuntimeException failed) {
            watchAndRemove();
            throw failed;
        }
        watchAndRemove();
        throw new SandboxException(ErrorCode.POOL_ERROR, "Blaxel did not say whether it made a sandbox", lost)
                .action("try again; what comes of this attempt is removed")
                .retry(Retry.YES);
    }

    private Instance ready(Instance made) {
        long end = System.nanoTime() + timing.creating().toNanos();
        Instance now = made;
        try {
            while (now.stage() == Instance.Stage.COMING && System.nanoTime() < end) {
                Http.sleep(timing.poll().toNanos());
                Optional<Instance> next = control.find(spec.name());
                now = next.isPresent() && next.get().isOf(attempt) ? next.get() : now;
            }
        } catch (InterruptedIOException interrupted) {
            watchAndRemove();
            throw new SandboxException(ErrorCode.POOL_ERROR, "interrupted while a sandbox was made", interrupted);
        } catch (RuntimeException failed) {
            watchAndRemove();
            throw failed;
        }
        if (now.stage() != Instance.Stage.READY) {
            watchAndRemove();
            throw new SandboxException(
                    ErrorCode.POOL_ERROR,
                    "Blaxel did not bring the sandbox up; its status is "
                            + now.json().path("status").asText("unknown") + now.errors());
        }
        return now;
    }

    /** Removes what this attempt has made or still makes, without holding anybody up. */
    private void watchAndRemove() {
        Thread.ofVirtual().name("blaxel-late-" + spec.name()).start(() -> {
            long end = System.nanoTime() + timing.late().toNanos();
            try {
                while (System.nanoTime() < end) {
                    if (isRemoved()) {
                        return;
                    }
                    Http.sleep(timing.poll().toNanos());
                }
                LOG.log(Level.FINE, "nothing came of an attempt to make sandbox {0}", spec.name());
            } catch (InterruptedIOException interrupted) {
                LOG.log(Level.WARNING, "sandbox {0} may have been made late and is left to its expiry", spec.name());
            }
        });
    }

    private boolean isRemoved() {
        try {
            Optional<Instance> ours = ours();
            if (ours.isEmpty() || ours.get().stage() == Instance.Stage.COMING) {
                return false;
            }
            remove(ours.get());
            return true;
        } catch (SandboxException notNow) {
            return false;
        }
    }

    private static SandboxException failure(Refusal refusal) {
        String code = refusal.code();
        String what = "Blaxel made no sandbox: status " + refusal.status() + (code.isEmpty() ? "" : " (" + code + ")");
        if (code.contains("QUOTA")
                || code.contains("RATE_LIMIT")
                || refusal.status() == 429
                || refusal.status() == 402) {
            return new SandboxException(ErrorCode.CAPACITY_EXCEEDED, what)
                    .action("delete sandboxes, raise the limits of the Blaxel account, or try again later");
        }
        if (code.contains("IMAGE")) {
            return new SandboxException(ErrorCode.POOL_ERROR, what)
                    .action("name an image that the Blaxel workspace has")
                    .retry(Retry.NO);
        }
        if (refusal.status() == 408) {
            return new SandboxException(ErrorCode.POOL_ERROR, what).retry(Retry.YES);
        }
        SandboxException known = refusal.failure("making a sandbox");
        String action = known.action();
        var failure = new SandboxException(ErrorCode.POOL_ERROR, what).retry(known.retry());
        return action == null ? failure : failure.action(action);
    }
}
