package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A short script of ours that runs in a sandbox and says something on stdout. Started once and never again: when its
 * answer is lost or late, it is looked up by its name.
 */
final class Errand {
    private static final long PAUSE = 200_000_000L;
    private static final Duration LONGEST = Duration.ofMinutes(5);
    private static final int UNKNOWN_LOOKS = 20;

    private final DataPlane plane;
    private final String operation;
    private final ErrorCode otherwise;

    /**
     * @param operation in words for callers
     * @param otherwise what it is when the script fails for a reason that it does not tell
     */
    Errand(DataPlane plane, String operation, ErrorCode otherwise) {
        this.plane = plane;
        this.operation = operation;
        this.otherwise = otherwise;
    }

    /** What the script wrote to stdout. */
    String run(String script, Map<String, String> environment) {
        String name = plane.freshName();
        JsonNode process;
        try {
            process = plane.run(operation, name, script, environment);
        } catch (Refused refused) {
            if (!isLate(refused.refusal())) {
                throw refused.failure();
            }
            process = awaited(name, refused);
        } catch (InterruptedIOException interrupted) {
            throw interrupted(interrupted);
        } catch (IOException lost) {
            process = awaited(name, lost);
        }
        if (!process.path("status").asText("").equals("completed")) {
            throw new SandboxException(
                    otherwise,
                    operation + " failed: its script ended with status "
                            + process.path("exitCode").asText("unknown"));
        }
        return process.path("stdout").asText("");
    }

    /** As {@link #run}, on a thread of its own, because an interrupted one can ask nobody anything. */
    String runApart(String script, Map<String, String> environment) {
        var answer = new CompletableFuture<String>();
        Thread.ofVirtual().name("blaxel-errand").start(() -> {
            try {
                answer.complete(run(script, environment));
            } catch (Throwable failed) {
                answer.completeExceptionally(failed);
            }
        });
        try {
            return answer.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof SandboxException known) {
                throw known;
            }
            throw new SandboxException(otherwise, operation + " failed", failed);
        }
    }

    /** Whether the script may be running: the sandbox stopped waiting, or the gateway did. */
    private static boolean isLate(Refusal refusal) {
        boolean waited = refusal.party() == Refusal.Party.SANDBOX
                && refusal.status() == 422
                && refusal.reason().contains("timed out");
        return waited || refusal.mayHaveBegun();
    }

    /** Never fails as though there were no sandbox: then the script would be run again, in the next one. */
    private JsonNode awaited(String name, Exception lost) {
        int unknown = 0;
        long began = System.nanoTime();
        try {
            // By the clock: each look may take as long as a call may.
            while (System.nanoTime() - began < LONGEST.toNanos()) {
                try {
                    JsonNode process = plane.process(operation, name);
                    if (!process.path("status").asText("running").equals("running")) {
                        return process;
                    }
                } catch (Refused refused) {
                    boolean gone = refused.refusal().saysSandboxIsGone();
                    boolean missing = gone
                            || refused.refusal().status() == 404
                                    && refused.refusal().party() == Refusal.Party.SANDBOX;
                    if (!missing || ++unknown > (gone ? Refusal.GONE_LOOKS : UNKNOWN_LOOKS)) {
                        throw missing ? DataPlane.failure(lost, operation) : refused.failure();
                    }
                }
                Http.sleep(PAUSE);
            }
        } catch (InterruptedIOException interrupted) {
            throw interrupted(interrupted);
        } catch (IOException broken) {
            throw Http.unreachable(operation, broken);
        }
        throw new SandboxException(ErrorCode.OPERATION_TIMEOUT, operation + " took too long");
    }

    private SandboxException interrupted(InterruptedIOException interrupted) {
        return new SandboxException(otherwise, operation + " was interrupted", interrupted);
    }
}
