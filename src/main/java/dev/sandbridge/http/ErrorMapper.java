package dev.sandbridge.http;

import dev.sandbridge.error.SandboxException;
import io.vertx.core.Handler;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Where errors of resources, and of the router before them, become answers. */
@Singleton
public final class ErrorMapper {
    private static final String SOON = "1";

    /** Asked for late: mappers are made while the application is built, when there must be no random source yet. */
    private final Provider<Errors> errors;

    ErrorMapper(Provider<Errors> errors) {
        this.errors = errors;
    }

    @ServerExceptionMapper
    public Response answer(Throwable failure, RoutingContext http) {
        var answer = errors.get().answer(failure, http);
        var response = Response.status(answer.status()).type(answer.type()).entity(answer.body());
        if (answer.soon()) {
            response.header(HttpHeaders.RETRY_AFTER, SOON);
        }
        return response.build();
    }

    void open(@Observes Router router) {
        router.route().order(Integer.MAX_VALUE - 1).failureHandler((Handler<RoutingContext>) this::answer);
    }

    private void answer(RoutingContext http) {
        if (http.response().headWritten()) {
            http.request().connection().close();
            return;
        }
        var answer = errors.get().answer(failure(http), http);
        http.response()
                .setStatusCode(answer.status())
                .putHeader(HttpHeaders.CONTENT_TYPE, answer.type())
                .end(answer.body());
    }

    /** What the router refuses by itself has the status in the context, and a cause that says nothing to us. */
    private static Throwable failure(RoutingContext http) {
        Throwable cause = http.failure();
        if (cause == null || (http.statusCode() == 400 && !(cause instanceof SandboxException))) {
            return new HttpException(http.statusCode());
        }
        return cause;
    }
}
