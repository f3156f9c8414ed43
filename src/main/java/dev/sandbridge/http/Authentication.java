package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.ApiKeys;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/**
 * Who calls, found out before any resource runs. Fails closed: whatever is not {@code /health} needs a key. The same
 * check serves WebSocket upgrades.
 */
@Singleton
final class Authentication {
    private static final Caller EVERYBODY = new Caller(new OwnerId("admin"), Role.ADMIN, "none", null);
    private static final Set<String> OWN_NAMES = Set.of("localhost", "127.0.0.1", "[::1]", "::1");
    private static final String SCHEME = "bearer ";

    private final ApiKeys keys;
    private final boolean required;

    Authentication(ApiKeys keys, @ConfigProperty(name = "sandbridge.auth", defaultValue = "keys") String auth) {
        this.keys = keys;
        this.required = !auth.equalsIgnoreCase("none");
    }

    /** Finds out who makes this request and notes it there, or refuses it. */
    void check(RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        if (!request.path().route().equals(RequestPath.HEALTH)) {
            request.authenticated(caller(request, http.request().authority()));
        }
    }

    private Caller caller(ApiRequest request, @Nullable HostAndPort host) {
        if (!required) {
            return anybodyHere(request, host);
        }
        return key(request).flatMap(keys::authenticate).orElseThrow(Authentication::unauthorized);
    }

    private static Optional<String> key(ApiRequest request) {
        String header = request.header("Authorization");
        if (header != null && header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
            return Optional.of(header.substring(SCHEME.length()).strip());
        }
        boolean browsable = request.path().route().startsWith("/v1/openapi");
        return browsable ? Optional.ofNullable(request.query().text("token")) : Optional.empty();
    }

    /**
     * Without keys the service listens on loopback only, which a web page in a browser on this machine reaches too,
     * by name of its own (DNS rebinding) or blindly (any form can post). Programs send no Origin and call this
     * machine by its name.
     */
    private static Caller anybodyHere(ApiRequest request, @Nullable HostAndPort host) {
        if (host == null || !OWN_NAMES.contains(host.host()) || request.header("Origin") != null) {
            throw new SandboxException(ErrorCode.FORBIDDEN, "without keys, only programs on this machine are served")
                    .action("call http://127.0.0.1, not from a web page; or run the service with keys");
        }
        return EVERYBODY;
    }

    private static SandboxException unauthorized() {
        return new SandboxException(ErrorCode.UNAUTHORIZED, "Unauthorized")
                .action("send the header Authorization: Bearer KEY with a key of this service");
    }
}
