package dev.sandbridge.error;

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

    public SandboxException(ErrorCode code, String message) {
        this(code, message, null, null, code.retry(), null);
    }

    public SandboxException(ErrorCode code, String message, Throwable cause) {
        this(code, message, null, null, code.retry(), cause);
    }

    private SandboxException(
            ErrorCode code,
            String message,
            @Nullable String action,
            @Nullable String doNot,
            Retry retry,
            @Nullable Throwable cause) {
        super(message, cause);
        this.code = code;
        this.action = action;
        this.doNot = doNot;
        this.retry = retry;
    }

    /** The same failure with a sentence that says what the caller can do. */
    public SandboxException action(String sentence) {
        return new SandboxException(code, text(), sentence, doNot, retry, getCause());
    }

    /** The same failure with a warning against the obvious but harmful reaction. */
    public SandboxException doNot(String sentence) {
        return new SandboxException(code, text(), action, sentence, retry, getCause());
    }

    /** The same failure with better retry advice than its code's. */
    public SandboxException retry(Retry advice) {
        return new SandboxException(code, text(), action, doNot, advice, getCause());
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

    /** The message, which is never null here. */
    public String text() {
        String message = getMessage();
        return message == null ? code.wireName() : message;
    }
}
