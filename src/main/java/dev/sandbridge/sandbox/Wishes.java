package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.session.SessionState;
import dev.sandbridge.session.Timeouts;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From what a caller asks for to what a sandbox gets: checks and defaults. */
final class Wishes {
    private static final Duration LONGEST = Duration.ofDays(7);
    private static final Duration SHORTEST = Duration.ofMillis(1);

    private Wishes() {}

    /** The state of a sandbox that is made as asked, or INVALID_REQUEST, LIMIT_OUT_OF_RANGE, CAPABILITY_UNAVAILABLE. */
    static SessionState chosen(Profile profile, CreateSandbox request, Instant now) {
        if (request.image() != null && !profile.images()) {
            throw new SandboxException(
                    ErrorCode.CAPABILITY_UNAVAILABLE,
                    "profile " + profile.name() + " does not let callers choose an image");
        }
        requireAlias(request.alias());
        Command.requireVariables(request.environment());
        for (int port : request.exposedPorts()) {
            if (port < 1 || port > 65535) {
                throw new SandboxException(ErrorCode.INVALID_REQUEST, "exposedPorts must hold ports from 1 to 65535");
            }
        }
        return new SessionState(
                profile.name(),
                request.alias(),
                request.image(),
                request.environment(),
                Labels.checked(request.labels()),
                profile.limits(request.limits()),
                timeouts(request.timeouts()),
                profile.ttl(request.ttl()),
                request.exposedPorts(),
                now);
    }

    /** The state of a sandbox that comes back with nothing known but its id. */
    static SessionState plain(Profile profile, Instant now) {
        return new SessionState(
                profile.name(),
                null,
                null,
                Map.of(),
                Map.of(),
                profile.defaults(),
                Timeouts.DEFAULT,
                profile.revivedTtl(),
                List.of(),
                now);
    }

    /**
     * The state of a sandbox that comes back as its caller remembers it: within today's bounds, and for a short life.
     */
    static SessionState remembered(Profile profile, SessionState state) {
        Duration ttl = state.ttl().compareTo(profile.revivedTtl()) < 0 ? state.ttl() : profile.revivedTtl();
        return new SessionState(
                profile.name(),
                state.alias(),
                profile.images() ? state.image() : null,
                state.environment(),
                state.labels(),
                profile.limits(state.limits()),
                state.timeouts(),
                ttl,
                state.exposedPorts(),
                state.createdAt());
    }

    /** The state of a sandbox that can no longer be opened, as far as its provider knows it. */
    static SessionState told(SandboxSpec spec) {
        return new SessionState(
                spec.profile(),
                spec.alias(),
                spec.image(),
                Map.of(),
                spec.labels(),
                spec.limits(),
                Timeouts.DEFAULT,
                Duration.between(spec.createdAt(), spec.expiresAt()),
                List.of(),
                spec.createdAt());
    }

    private static void requireAlias(@Nullable String alias) {
        if (alias != null && !alias.matches("[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}")) {
            throw new SandboxException(
                    ErrorCode.INVALID_REQUEST, "name must be 1 to 63 of letters, digits, dot, dash, underscore");
        }
    }

    private static Timeouts timeouts(CreateSandbox.TimeoutWishes wishes) {
        Timeouts standard = Timeouts.DEFAULT;
        return new Timeouts(
                wishes.exec() == null ? null : within("exec", wishes.exec()),
                within("cleanup", wishes.cleanup() == null ? standard.cleanup() : wishes.cleanup()),
                within("upload", wishes.upload() == null ? standard.upload() : wishes.upload()),
                within("download", wishes.download() == null ? standard.download() : wishes.download()),
                within("archive", wishes.archive() == null ? standard.archive() : wishes.archive()),
                within("fast_op", wishes.fastOp() == null ? standard.fastOp() : wishes.fastOp()));
    }

    private static Duration within(String field, Duration value) {
        if (value.compareTo(SHORTEST) < 0 || value.compareTo(LONGEST) > 0) {
            throw new SandboxException(
                    ErrorCode.LIMIT_OUT_OF_RANGE, "timeouts." + field + " must lie between 1 millisecond and 7 days");
        }
        return value;
    }
}
