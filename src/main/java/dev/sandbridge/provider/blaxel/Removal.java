package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import java.io.InterruptedIOException;
import java.util.Optional;

/** Removes sandboxes that are ours, and knows when one is really gone: Blaxel answers before it is. */
final class Removal {
    private final ControlPlane control;
    private final Timing timing;

    Removal(ControlPlane control, Timing timing) {
        this.control = control;
        this.timing = timing;
    }

    /** Whether there was one. Somebody else's sandbox of that name is left alone, and is an error. */
    boolean run(SandboxName name) {
        Optional<Instance> found = control.find(name);
        if (found.isEmpty() || found.get().stage() == Instance.Stage.DEAD) {
            return false;
        }
        Instance instance = found.get();
        if (!instance.isOurs()) {
            throw new SandboxException(
                            ErrorCode.PROVIDER_FAILURE, "a sandbox of that name at Blaxel was not made by this service")
                    .doNot("remove it: it belongs to somebody else");
        }
        boolean first = instance.stage() != Instance.Stage.GOING;
        if (first) {
            // Before the sandbox: a preview that outlives it would show the next sandbox of that name to strangers.
            control.previews().removeAll(name);
            control.delete(name);
        }
        awaitEnd(name, instance.createdAt());
        return first;
    }

    /** Returns when the sandbox of that name that was made then is no more. */
    void awaitEnd(SandboxName name, String createdAt) {
        long end = System.nanoTime() + timing.removing().toNanos();
        long pause = timing.poll().toNanos() / 8;
        try {
            while (System.nanoTime() < end) {
                Optional<Instance> now = control.find(name);
                if (now.isEmpty()
                        || now.get().stage() == Instance.Stage.DEAD
                        || !now.get().createdAt().equals(createdAt)) {
                    return;
                }
                Http.sleep(pause);
                pause = Math.min(pause * 2, timing.poll().toNanos());
            }
        } catch (InterruptedIOException interrupted) {
            throw new SandboxException(
                    ErrorCode.PROVIDER_FAILURE, "interrupted while a sandbox was removed", interrupted);
        }
        throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "Blaxel has not finished removing a sandbox")
                .action("try again in a minute")
                .retry(Retry.YES);
    }
}
