package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.ApiKeys;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.owner.Tickets;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Arrays;
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

    /** What the sub-protocol that carries a ticket begins with. */
    private static final String TICKET = "sandbridge.ticket.";

    private final ApiKeys keys;
    private final Tickets tickets;
    private final boolean required;

    Authentication(
            ApiKeys keys,
            Tickets tickets,
            @ConfigProperty(name = "sandbridge.auth", defaultValue = "keys") String auth) {
        this.keys = keys;
        this.tickets = tickets;
        this.required = !auth.equalsIgnoreCase("none");
    }

    /** Finds out who makes this request and notes it there, or refuses it. */
    void check(RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        if (!request.path().route().equals(RequestPath.HEALTH)) {
            request.authenticated(caller(request, http.request().authority()));
        }
    }

    /** Whether who was let in would still be. May block. */
    boolean admits(Caller caller) {
        return tickets.admits(caller);
    }

    private Caller caller(ApiRequest request, @Nullable HostAndPort host) {
        if (!required) {
            return anybodyHere(request, host);
        }
        return key(request)
                .flatMap(keys::authenticate)
                .or(() -> ticket(request))
                .orElseThrow(Authentication::unauthorized);
    }

    private static Optional<String> key(ApiRequest request) {
        Optional<String> header = bearer(request.header("Authorization"));
        if (header.isPresent()) {
            return header;
        }
        if (request.opensTerminal()) {
            // The JavaScript client's only way where the platform's WebSocket takes no headers.
            return bearer(request.query().text("authorization"));
        }
        boolean browsable = request.path().route().startsWith("/v1/openapi");
        return browsable ? Optional.ofNullable(request.query().text("token")) : Optional.empty();
    }

    /** A web page's way to a terminal: it can set no header but the sub-protocols. */
    private Optional<Caller> ticket(ApiRequest request) {
        String sandbox = request.path().id();
        String offered = request.header("Sec-WebSocket-Protocol");
        if (sandbox == null || offered == null || !request.opensTerminal()) {
            return Optional.empty();
        }
        Query query = request.query();
        String session = request.header("Session-Id");
        var shown = new Tickets.Right(
                sandbox,
                session == null ? query.text("session") : session,
                query.text("shell"),
                query.text("user"),
                request.header("Origin"));
        return Arrays.stream(offered.split(","))
                .map(String::strip)
                .filter(protocol -> protocol.startsWith(TICKET))
                .findFirst()
                .flatMap(protocol -> tickets.redeem(protocol.substring(TICKET.length()), shown));
    }

    private static Optional<String> bearer(@Nullable String credentials) {
        return Optional.ofNullable(credentials)
                .filter(text -> text.regionMatches(true, 0, SCHEME, 0, SCHEME.length()))
                .map(text -> text.substring(SCHEME.length()).strip());
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
