package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A sandbox name in use: from the beginning of its creation until nothing of it is left. */
final class NameClaim {
    private final CompletableFuture<Optional<LocalHandle>> made = new CompletableFuture<>();
    private final CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();
    private final AtomicBoolean ending = new AtomicBoolean();

    /** A sandbox that exists already. */
    static NameClaim of(LocalHandle handle) {
        var claim = new NameClaim();
        claim.made(handle);
        return claim;
    }

    void made(LocalHandle handle) {
        made.complete(Optional.of(handle));
    }

    /** The name is free again; also how a creation that failed ends. */
    void released() {
        made.complete(Optional.empty());
        gone.complete(null);
    }

    /** Whoever gets true, and nobody else until {@link #keep}, removes the sandbox. */
    boolean beginEnd() {
        return ending.compareAndSet(false, true);
    }

    /** The removal failed and may be tried again. */
    void keep() {
        ending.set(false);
    }

    boolean isEnding() {
        return ending.get();
    }

    /** The sandbox, once its creation is over; empty if that failed or it is being removed. */
    Optional<LocalHandle> await() {
        Optional<LocalHandle> handle = get(made);
        return isEnding() ? Optional.empty() : handle;
    }

    /** The same, whether it is being removed or not. */
    Optional<LocalHandle> awaitAny() {
        return get(made);
    }

    void awaitGone() {
        get(gone);
    }

    boolean isMade() {
        return made.isDone();
    }

    private static <T extends @Nullable Object> T get(CompletableFuture<T> future) {
        try {
            return future.get();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException(
                    ErrorCode.OPERATION_TIMEOUT, "waiting for the sandbox was interrupted", interrupted);
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
