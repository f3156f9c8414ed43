package dev.sandbridge.http;

import dev.sandbridge.owner.Caller;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;

/**
 * Where requests become WebSockets: with the same ids, keys and error answers as any other request. The WebSocket door
 * refuses one by failing its routing context, as long as it has not answered.
 */
@Singleton
public final class UpgradeEntrance {
    private final Authentication authentication;
    private final Errors errors;

    UpgradeEntrance(Authentication authentication, Errors errors) {
        this.authentication = authentication;
        this.errors = errors;
    }

    /** Whether the request asks to become a WebSocket. */
    public static boolean isUpgrade(RoutingContext http) {
        return "websocket".equalsIgnoreCase(http.request().getHeader(HttpHeaders.UPGRADE));
    }

    /**
     * Finds out who asks. May block.
     *
     * @throws dev.sandbridge.error.SandboxException UNAUTHORIZED, FORBIDDEN
     */
    public Upgrade admit(RoutingContext http) {
        authentication.check(http);
        return new Upgrade(ApiRequest.of(http));
    }

    /** Whether a caller who was admitted may stay: a key may be disabled meanwhile. May block. */
    public boolean stillAdmits(Caller caller) {
        return authentication.admits(caller);
    }

    /** The request goes on until the answer is run: a service that ends waits for it. */
    public static Runnable keep(RoutingContext http) {
        return ApiRequest.of(http).keep();
    }

    /** What to tell of a failure after the upgrade; what is ours to mend goes to the log as well. */
    public Refusal explain(Throwable failure) {
        return errors.refusal(failure);
    }
}
