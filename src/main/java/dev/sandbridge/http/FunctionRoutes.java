package dev.sandbridge.http;

import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;

/** What a function answers on routes that only a long-lived service has. */
@Singleton
final class FunctionRoutes {
    private static final String TERMINALS = "/v1/sandbox/[^/]+/(pty|terminals)(/.*)?";

    /** After the entrance, before the resources. */
    private static final int ORDER = 0;

    private final Provider<Authentication> authentication;

    FunctionRoutes(Provider<Authentication> authentication) {
        this.authentication = authentication;
    }

    void open(@Observes Router router) {
        router.routeWithRegex(TERMINALS).order(ORDER).handler(this::refuse);
    }

    private void refuse(RoutingContext http) {
        DoorLimits limits = ApiRequest.of(http).limits();
        if (limits.isFunction()) {
            authentication.get().check(http);
            limits.requireMemory("terminals");
        }
        http.next();
    }
}
