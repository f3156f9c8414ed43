package dev.sandbridge.error;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The only exception that crosses a package border on purpose. Its message is one line, meant for the caller:
 * operation, subject and limit, never a secret, a host path, an argument vector or a provider's body.
 */
public final class SandboxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final Retry retry;
    private final @Nullable String action;
    private final @Nullable String doNot;
    private final transient Map<String, Object> details;

    public SandboxException(ErrorCode code, String message) {
        this(code, message, null, null, code.retry(), Map.of(), null);
    }

    public SandboxException(ErrorCode code, String message, Throwable cause) {
        this(code, message, null, null, code.retry(), Map.of(), cause);
    }

    private SandboxException(
            ErrorCode code,
            String message,
            @Nullable String action,
            @Nullable String doNot,
            Retry retry,
            Map<String, Object> details,
            @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.action = action;
        this.doNot = doNot;
        this.retry = retry;
        this.details = details;
    }

    /** The same failure with a sentence that says what the caller can do. */
    public SandboxException action(String sentence) {
        return new SandboxException(code, text(), sentence, doNot, retry, details, getCause());
    }

    /** The same failure with a warning against the obvious but harmful reaction. */
    public SandboxException doNot(String sentence) {
        return new SandboxException(code, text(), action, sentence, retry, details, getCause());
    }

    /** The same failure with better retry advice than its code's. */
    public SandboxException retry(Retry advice) {
        return new SandboxException(code, text(), action, doNot, advice, details, getCause());
    }

    /** The same failure with facts for programs: lower-case names, texts and numbers; untrusted text made printable. */
    public SandboxException details(Map<String, Object> facts) {
        return new SandboxException(code, text(), action, doNot, retry, Map.copyOf(facts), getCause());
    }

    public ErrorCode code() {
        return code;
    }

    public Retry retry() {
        return retry;
    }

    public @Nullable String action() {
        return action;
    }

    public @Nullable String doNot() {
        return doNot;
    }

    /** Facts for programs; empty for most failures. */
    public Map<String, Object> details() {
        return details;
    }

    /** The message, which is never null here. */
    public String text() {
        String message = getMessage();
        return message == null ? code.wireName() : message;
    }
}
