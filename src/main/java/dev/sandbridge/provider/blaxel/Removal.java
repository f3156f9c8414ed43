package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import java.io.InterruptedIOException;
import java.util.Optional;

/** Removes sandboxes that are ours, and knows when one is really gone: Blaxel answers before it is. */
final class Removal {
    private static final int ROUNDS = 4;

    private final ControlPlane control;
    private final Timing timing;

    Removal(ControlPlane control, Timing timing) {
        this.control = control;
        this.timing = timing;
    }

    /** Whether there was one. Somebody else's sandbox of that name is left alone, and is an error. */
    boolean run(SandboxName name) {
        Optional<Instance> found = control.find(name);
        if (found.isEmpty() || found.get().isTerminated()) {
            return false;
        }
        Instance instance = found.get();
        boolean dead = instance.stage() == Instance.Stage.DEAD;
        if (!instance.isOurs()) {
            if (dead) {
                return false;
            }
            throw new SandboxException(
                            ErrorCode.PROVIDER_FAILURE, "a sandbox of that name at Blaxel was not made by this service")
                    .doNot("remove it: it belongs to somebody else");
        }
        boolean first = instance.stage() != Instance.Stage.GOING;
        if (first) {
            // Before the sandbox: a preview that outlives it would show the next sandbox of that name to strangers.
            control.previews().removeAll(name);
            remove(name, instance.createdAt());
        }
        awaitEnd(name, instance.createdAt());
        return first && !dead;
    }

    /**
     * Begins to remove that very sandbox. Blaxel removes by name, so after a lost answer nothing is asked for again
     * without a look: the name may be that of the next one.
     */
    private void remove(SandboxName name, String createdAt) {
        for (int round = 1; ; round++) {
            try {
                control.delete(name);
                return;
            } catch (SandboxException failed) {
                boolean open = failed.code() == ErrorCode.PROVIDER_FAILURE && failed.retry() != Retry.NO;
                if (!open || round == ROUNDS) {
                    throw failed;
                }
            }
            pause(timing.poll().toNanos());
            boolean still = control.find(name)
                    .filter(now -> now.createdAt().equals(createdAt) && now.stage() != Instance.Stage.GOING)
                    .isPresent();
            if (!still) {
                return;
            }
        }
    }

    /** Returns when the sandbox of that name that was made then is no more. */
    void awaitEnd(SandboxName name, String createdAt) {
        long end = System.nanoTime() + timing.removing().toNanos();
        long pause = timing.poll().toNanos() / 8;
        while (System.nanoTime() < end) {
            Optional<Instance> now = control.find(name);
            if (now.isEmpty()
                    || now.get().stage() == Instance.Stage.DEAD
                    || !now.get().createdAt().equals(createdAt)) {
                return;
            }
            pause(pause);
            pause = Math.min(pause * 2, timing.poll().toNanos());
        }
        throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "Blaxel has not finished removing a sandbox")
                .action("try again in a minute")
                .retry(Retry.YES);
    }

    static void pause(long nanos) {
        try {
            Http.sleep(nanos);
        } catch (InterruptedIOException interrupted) {
            throw new SandboxException(
                    ErrorCode.PROVIDER_FAILURE, "interrupted while a sandbox was removed", interrupted);
        }
    }
}
