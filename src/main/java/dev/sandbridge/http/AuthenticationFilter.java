package dev.sandbridge.http;

import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Priorities;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/** Puts {@link Authentication} before every resource, on the resource's own thread. */
@Singleton
public final class AuthenticationFilter {
    /** Asked for late: filters are made while the application is built, when there is no key yet. */
    private final Provider<Authentication> authentication;

    AuthenticationFilter(Provider<Authentication> authentication) {
        this.authentication = authentication;
    }

    @ServerRequestFilter(priority = Priorities.AUTHENTICATION)
    public void check(RoutingContext http) {
        authentication.get().check(http);
    }
}
