package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxSpec;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Instant;

/**
 * Changes labels, state and end of one sandbox's record. Blaxel takes a record as a whole and asks for no version of
 * it, so a record is never sent a second time without a look at what is there: another service may have changed it
 * since. Blocks the calling thread; of no state, and free to use from any thread.
 */
final class RecordUpdate {
    private static final int ROUNDS = 4;

    private final ControlPlane control;
    private final Timing timing;

    RecordUpdate(ControlPlane control, Timing timing) {
        this.control = control;
        this.timing = timing;
    }

    /**
     * The record as Blaxel then has it.
     *
     * @param before the sandbox as it was just read
     * @throws SandboxException SANDBOX_NOT_FOUND if that very sandbox is gone; CONFLICT if the answer was lost and
     *     somebody else has changed the same things; PROVIDER_FAILURE if nothing is known of the outcome
     */
    SandboxSpec run(Instance before, SandboxSpec wanted) {
        Instance base = before;
        SandboxSpec next = wanted;
        for (int round = 1; ; round++) {
            try {
                control.update(base, next);
                return next;
            } catch (IOException lost) {
                if (round == ROUNDS || lost instanceof InterruptedIOException) {
                    throw Http.unreachable("changing a sandbox", lost);
                }
                pause();
            }
            Instance there = control.require(base.spec().name(), base.createdAt());
            next = merged(base.spec(), next, there.spec());
            if (next.equals(there.spec())) {
                return next;
            }
            base = there;
        }
    }

    /** What is to be there, after a change of which nobody knows whether it was made before others wrote theirs. */
    private static SandboxSpec merged(SandboxSpec base, SandboxSpec wanted, SandboxSpec there) {
        boolean othersMovedTheEnd = !there.expiresAt().equals(base.expiresAt());
        if (sayTheSame(wanted, base)) {
            Instant end = othersMovedTheEnd ? there.expiresAt() : wanted.expiresAt();
            return there.with(there.labels(), there.state(), end);
        }
        if (sayTheSame(wanted, there)) {
            // It was made: another end than the wanted one is younger.
            return there;
        }
        if (!sayTheSame(base, there)) {
            throw new SandboxException(ErrorCode.CONFLICT, "the sandbox was changed by somebody else at the same time")
                    .action("look at what it says now, and try again")
                    .retry(Retry.YES);
        }
        boolean endIsWanted = !wanted.expiresAt().equals(base.expiresAt());
        return there.with(wanted.labels(), wanted.state(), endIsWanted ? wanted.expiresAt() : there.expiresAt());
    }

    /** Whether labels and state, which are only ever written together, are the same. */
    private static boolean sayTheSame(SandboxSpec one, SandboxSpec other) {
        return one.labels().equals(other.labels()) && one.state().equals(other.state());
    }

    /** What was sent may still be on its way. */
    private void pause() {
        try {
            Http.sleep(timing.poll().toNanos());
        } catch (InterruptedIOException interrupted) {
            throw Http.unreachable("changing a sandbox", interrupted);
        }
    }
}
