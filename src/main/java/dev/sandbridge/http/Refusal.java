package dev.sandbridge.http;

import dev.sandbridge.error.SandboxException;
import org.jspecify.annotations.Nullable;

/**
 * What a caller is told of a failure where no HTTP answer can be sent any more.
 *
 * @param code the stable name, as in an error's JSON object
 * @param retryable whether the same may succeed later; null when that is not known
 * @param instance names this occurrence, in the log too where there is more to know
 */
public record Refusal(
        String message,
        String code,
        @Nullable String action,
        @Nullable Boolean retryable,
        String instance) {
    static Refusal of(SandboxException failure, String instance) {
        return new Refusal(
                failure.text(),
                failure.code().wireName(),
                failure.action(),
                ErrorBody.retryable(failure.retry()),
                instance);
    }
}
