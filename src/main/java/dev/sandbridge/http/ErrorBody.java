package dev.sandbridge.http;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An error as callers read it: the contract's {@code error} and {@code code}, the members of RFC 9457, and what to do.
 *
 * @param instance names this occurrence, in the log too where there is more to know
 * @param details facts for programs; empty for most errors
 * @param retryable whether the same request may succeed later; null when that is not known
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
record ErrorBody(
        String error,
        String code,
        String type,
        String title,
        int status,
        String detail,
        String instance,
        @Nullable Boolean retryable,
        @Nullable String action,
        @Nullable String doNot,
        Map<String, Object> details) {

    static ErrorBody of(SandboxException failure, int status, String instance) {
        ErrorCode code = failure.code();
        return new ErrorBody(
                failure.text(),
                code.wireName(),
                "urn:sandbridge:error:" + code.name().toLowerCase(Locale.ROOT),
                title(code),
                status,
                failure.text(),
                instance,
                retryable(failure.retry()),
                failure.action(),
                failure.doNot(),
                failure.details());
    }

    private static String title(ErrorCode code) {
        String words = code.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        return Character.toUpperCase(words.charAt(0)) + words.substring(1);
    }

    static @Nullable Boolean retryable(Retry advice) {
        return switch (advice) {
            case YES -> true;
            case NO -> false;
            case UNKNOWN -> null;
        };
    }
}
