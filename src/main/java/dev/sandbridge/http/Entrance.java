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
import org.jspecify.annotations.Nullable;

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

    /** Any path of a file fits in, percent-encoded. */
    private static final int LONGEST_URI = 32 << 10;

    private static final int LARGEST_HEADERS = 64 << 10;

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
            } else if (request.getHeader(HttpHeaders.UPGRADE) == null) {
                discard(http);
            }
        });
        if (request.getHeader(HttpHeaders.UPGRADE) == null) {
            request.pause();
        }
        var tooLong = tooLong(request);
        if (tooLong != null) {
            refuse(http, tooLong);
            return;
        }
        request.headers().set(HttpHeaders.ACCEPT, "*/*");
        request.headers().set(HttpHeaders.CONTENT_TYPE, "application/octet-stream");
        String query = request.query();
        http.reroute(path.route() + (query == null ? "" : "?" + query));
    }

    /** The framework's own limits lie above these: it refuses with an empty body. */
    private static @Nullable SandboxException tooLong(HttpServerRequest request) {
        if (request.uri().length() > LONGEST_URI) {
            return new SandboxException(
                            ErrorCode.URI_TOO_LONG, "path and query may be at most " + LONGEST_URI + " bytes long")
                    .action("ask for less at once, or send it in a body");
        }
        long size = 0;
        for (var header : request.headers()) {
            size += header.getKey().length() + header.getValue().length();
        }
        return size <= LARGEST_HEADERS
                ? null
                : new SandboxException(
                                ErrorCode.HEADERS_TOO_LARGE,
                                "all headers together may be at most " + LARGEST_HEADERS + " bytes long")
                        .action("send fewer or shorter headers");
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
