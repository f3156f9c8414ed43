package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.sandbox.ExecCall;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/**
 * What this door can do. A long-lived service does everything; a function keeps nothing between two calls, ends soon
 * and passes small bodies only, and says where the rest is to be had.
 */
@Singleton
final class DoorLimits {
    private final HttpConfig config;
    private final Optional<String> service;

    DoorLimits(HttpConfig config, @ConfigProperty(name = "sandbridge.service-url") Optional<String> service) {
        this.config = config;
        this.service = service;
    }

    boolean isFunction() {
        return config.function();
    }

    /**
     * Refuses what lives in memory between calls.
     *
     * @param what the thing asked for, in the plural
     */
    void requireMemory(String what) {
        if (isFunction()) {
            throw new SandboxException(
                            ErrorCode.CAPABILITY_UNAVAILABLE,
                            what + " live in a long-lived service; a function keeps nothing between two calls")
                    .action("send this request to " + serviceText());
        }
    }

    /** The call with this door's limit where it names none; one that asks for more is refused before it starts. */
    ExecCall capped(ExecCall call) {
        if (!isFunction()) {
            return call;
        }
        Duration wish = call.timeout();
        if (wish != null && wish.compareTo(config.execCap()) > 0) {
            throw new SandboxException(
                            ErrorCode.LIMIT_OUT_OF_RANGE,
                            "a command may run for at most " + config.execCap().toMillis()
                                    + " ms in one call of a function")
                    .action("start it as a process (POST .../processes) at " + serviceText()
                            + ", send the exec there, or ask for a shorter timeout_ms");
        }
        return call.within(config.execCap());
    }

    /** The longest answer, encoded, or null where there is no limit. */
    @Nullable
    Long maxAnswer() {
        return isFunction() ? config.maxAnswer().asLongValue() : null;
    }

    /** The failure with the way out that this door knows. */
    SandboxException advise(SandboxException failure) {
        boolean tooLong = isFunction() && failure.code() == ErrorCode.PAYLOAD_TOO_LARGE;
        return tooLong
                ? failure.action("a function passes small bodies only: send this request to " + serviceText()
                        + ", or work in parts (Range, several files)")
                : failure;
    }

    private String serviceText() {
        return service.orElse("the long-lived service of this deployment (its URL is not configured here)");
    }
}
