package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;
import java.util.Set;

/**
 * Stands before every router and door, WebSocket upgrades included: takes the raw path apart, sends the request on
 * under its plain path, and keeps content negotiation away from the framework, because the contract's clients send
 * content types that mean nothing.
 */
@Singleton
final class Entrance {
    /** Before anything of the framework's, which ends at 1000. */
    private static final int FIRST = 10_000;

    /** Others are no routes; the framework would answer OPTIONS by itself. */
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE");

    /** What is still read of a body that nobody wants, so that the caller sees the answer and not a broken pipe. */
    private static final long LEFT_OVER = 64L << 20;

    private static final long LEFT_OVER_MILLIS = 10_000;

    /** Asked for late: filters are registered before there is a configuration to read. */
    private final Provider<DoorLimits> limits;

    private final Provider<Errors> errors;
    private final Draining draining;

    Entrance(Provider<DoorLimits> limits, Provider<Errors> errors, Draining draining) {
        this.limits = limits;
        this.errors = errors;
        this.draining = draining;
    }

    void open(@Observes Filters filters) {
        filters.register(this::enter, FIRST);
    }

    private void enter(RoutingContext http) {
        if (ApiRequest.find(http) != null) {
            http.next();
            return;
        }
        if (!draining.enter()) {
            refuse(
                    http,
                    new SandboxException(ErrorCode.CAPACITY_EXCEEDED, "the service is about to end")
                            .action("connect again and repeat the request")
                            .retry(Retry.YES));
            return;
        }
        HttpServerRequest request = http.request();
        String raw = request.path();
        boolean served = METHODS.contains(request.method().name());
        RequestPath path = raw != null && served ? RequestPath.of(raw) : RequestPath.UNKNOWN;
        var known = new ApiRequest(http, path, limits.get(), draining::leave);
        http.addEndHandler(ended -> {
            known.answered();
            if (ended.failed()) {
                known.callerGone();
            } else if (!known.opensTerminal()) {
                discard(http);
            }
        });
        // An Upgrade means nothing elsewhere: Java's client and curl offer HTTP/2 with any request.
        if (!known.opensTerminal()) {
            request.pause();
        }
        var refusal = RequestHead.refusal(request);
        if (refusal != null) {
            refuse(http, refusal);
            return;
        }
        request.headers().set(HttpHeaders.ACCEPT, "*/*");
        request.headers().set(HttpHeaders.CONTENT_TYPE, "application/octet-stream");
        String query = request.query();
        http.reroute(path.route() + (query == null ? "" : "?" + query));
    }

    private void refuse(RoutingContext http, SandboxException refusal) {
        var answer = errors.get().answer(refusal, http);
        http.response()
                .setStatusCode(answer.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, answer.type())
                .putHeader(HttpHeaders.CONNECTION, "close")
                .end(answer.body());
    }

    /**
     * Takes the rest of a body that was answered before its end, so that the connection can be used again. Whether
     * there is a rest shows only after the request flows again: one that was read to its end is still paused.
     */
    private static void discard(RoutingContext http) {
        HttpServerRequest request = http.request();
        if (request.isEnded()) {
            return;
        }
        var left = new long[] {LEFT_OVER};
        try {
            request.handler(bytes -> {
                left[0] -= bytes.length();
                if (left[0] < 0) {
                    request.connection().close();
                }
            });
        } catch (IllegalStateException endedMeanwhile) {
            return;
        }
        request.resume();
        if (announcesBody(request) && !request.isEnded()) {
            http.vertx().setTimer(LEFT_OVER_MILLIS, late -> {
                if (!request.isEnded()) {
                    request.connection().close();
                }
            });
        }
    }

    private static boolean announcesBody(HttpServerRequest request) {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        return request.getHeader(HttpHeaders.TRANSFER_ENCODING) != null || (length != null && !length.equals("0"));
    }
}
