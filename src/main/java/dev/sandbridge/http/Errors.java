package dev.sandbridge.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import jakarta.inject.Singleton;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.MediaType;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Turns what went wrong into an answer. The only class that knows which error has which status. */
@Singleton
final class Errors {
    private static final Logger LOG = Logger.getLogger(Errors.class.getName());
    private static final String PROBLEM = "application/problem+json";

    private final ObjectWriter json;
    private final SecureRandom random;

    Errors(ObjectMapper mapper, SecureRandom random) {
        this.json = mapper.writer().with(JsonWriteFeature.ESCAPE_NON_ASCII.mappedFeature());
        this.random = random;
    }

    /**
     * An error ready to be sent.
     *
     * @param soon whether trying again in a second is sensible
     */
    record Answer(int status, String type, String body, boolean soon) {}

    /** The answer to a request that failed before anything was sent. */
    Answer answer(Throwable failure, RoutingContext http) {
        ApiRequest request = ApiRequest.find(http);
        boolean problem = request != null && request.accepts(PROBLEM);
        var known = known(failure);
        if (request != null) {
            known = request.limits().advise(known);
        }
        int status = status(known.code());
        String type = problem ? PROBLEM : MediaType.APPLICATION_JSON;
        return new Answer(status, type, body(failure, known, status), known.retry() == Retry.YES);
    }

    /** The data of an event stream's {@code error} event: ASCII, one line. */
    String event(Throwable failure) {
        var known = known(failure);
        return body(failure, known, status(known.code()));
    }

    /** What is told where no HTTP answer can be sent any more. */
    Refusal refusal(Throwable failure) {
        var known = known(failure);
        return Refusal.of(known, noted(failure, known));
    }

    private String body(Throwable failure, SandboxException known, int status) {
        String instance = noted(failure, known);
        try {
            return json.writeValueAsString(ErrorBody.of(known, status, instance));
        } catch (JacksonException impossible) {
            throw new IllegalStateException("an error could not be written", impossible);
        }
    }

    /** Names the occurrence, in the log too where there is more to know. */
    private String noted(Throwable failure, SandboxException known) {
        String instance = instance();
        if (known.code() == ErrorCode.INTERNAL) {
            LOG.log(Level.SEVERE, () -> "request " + instance + " failed:\n" + Traces.withoutMessages(failure));
        }
        return instance;
    }

    private String instance() {
        var bytes = new byte[8];
        random.nextBytes(bytes);
        return "urn:sandbridge:request:" + HexFormat.of().formatHex(bytes);
    }

    /** The failure in our terms. */
    static SandboxException known(Throwable failure) {
        return switch (failure) {
            case SandboxException ours -> ours;
            case WebApplicationException framework ->
                ofStatus(framework.getResponse().getStatus());
            case CallerGone gone -> new SandboxException(ErrorCode.INVALID_REQUEST, "the body ended early", gone);
            case AnswerTooLong tooLong -> new SandboxException(ErrorCode.PAYLOAD_TOO_LARGE, tooLong.text(), tooLong);
            case HttpException router -> ofStatus(router.getStatusCode());
            default ->
                new SandboxException(ErrorCode.INTERNAL, "the service failed; the cause is in its log", failure)
                        .action("tell whoever runs the service the value of instance");
        };
    }

    /** What the framework refuses by itself: no such path, no such method, a request that cannot be parsed. */
    private static SandboxException ofStatus(int status) {
        return status == 400
                ? new SandboxException(ErrorCode.INVALID_REQUEST, "the request is malformed")
                : new SandboxException(ErrorCode.ROUTE_NOT_FOUND, "no such path, or not with this method")
                        .action("GET /v1/openapi.json lists all of them");
    }

    static int status(ErrorCode code) {
        return switch (code) {
            case INVALID_REQUEST, STATE_INVALID, LIMIT_OUT_OF_RANGE -> 400;
            case UNAUTHORIZED -> 401;
            case FORBIDDEN, PATH_OUTSIDE_WORKSPACE -> 403;
            case ROUTE_NOT_FOUND,
                    SANDBOX_NOT_FOUND,
                    FILE_NOT_FOUND,
                    PROCESS_NOT_FOUND,
                    KEY_NOT_FOUND,
                    REPORT_NOT_FOUND,
                    SNAPSHOT_NOT_FOUND -> 404;
            // Not 403, which the Python SDK takes for a path that leaves the workspace.
            case CONFLICT, WRONG_FILE_TYPE, FILE_PERMISSION_DENIED -> 409;
            case PAYLOAD_TOO_LARGE -> 413;
            case URI_TOO_LONG -> 414;
            case RANGE_NOT_SATISFIABLE -> 416;
            case OUTPUT_LIMIT_EXCEEDED -> 422;
            case HEADERS_TOO_LARGE -> 431;
            case INTERNAL -> 500;
            case CAPABILITY_UNAVAILABLE -> 501;
            case EXEC_ERROR,
                    EXEC_TRANSPORT_ERROR,
                    WORKSPACE_READ_FAILED,
                    WORKSPACE_WRITE_FAILED,
                    SESSION_ERROR,
                    SNAPSHOT_ERROR,
                    POOL_ERROR,
                    PROVIDER_FAILURE -> 502;
            case CAPACITY_EXCEEDED -> 503;
            case OPERATION_TIMEOUT, EXEC_TIMEOUT -> 504;
            case DISK_FULL -> 507;
        };
    }
}
