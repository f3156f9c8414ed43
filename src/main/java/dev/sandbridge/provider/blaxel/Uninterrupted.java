package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Work that is done to its end also for an interrupted thread, which itself can ask nobody anything. */
final class Uninterrupted {
    private Uninterrupted() {}

    /**
     * Does the work on a thread of its own and waits for it.
     *
     * @throws SandboxException what the work threw
     */
    static <T> T call(String thread, Supplier<T> work) {
        var done = new CompletableFuture<T>();
        Thread.ofVirtual().name(thread).start(() -> {
            try {
                done.complete(work.get());
            } catch (Throwable failed) {
                done.completeExceptionally(failed);
            }
        });
        try {
            return done.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof SandboxException known) {
                throw known;
            }
            throw new SandboxException(ErrorCode.INTERNAL, "something unexpected happened", failed);
        }
    }
}
