package dev.sandbridge.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.sandbox.SandboxService;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.time.Clock;
import java.util.Map;

/** Shell sessions, whose id in the header {@code Session-Id} makes calls share directory and environment. */
@Path("/v1/sandbox/{id}/session")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class SessionResource {
    private final SandboxService service;
    private final ObjectMapper mapper;
    private final HttpConfig config;
    private final Clock clock;

    SessionResource(SandboxService service, ObjectMapper mapper, HttpConfig config, Clock clock) {
        this.service = service;
        this.mapper = mapper;
        this.config = config;
        this.clock = clock;
    }

    record Opened(String id) {}

    /** In the contract's own spelling. */
    record Closed(boolean success, String sessionId, String timestamp) {}

    @POST
    public Opened open(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        JsonFields fields = fields(request);
        String id = service.openShellSession(
                request.caller(),
                request.sandbox(),
                fields.text("id"),
                fields.text("cwd"),
                fields.has("env") ? fields.textMap("env") : Map.of());
        return new Opened(id);
    }

    @DELETE
    @Path("{session}")
    public Closed close(@Context RoutingContext http, @PathParam("session") String session) {
        ApiRequest request = ApiRequest.of(http);
        service.closeShellSession(request.caller(), request.sandbox(), session);
        return new Closed(true, session, clock.instant().toString());
    }

    /** The contract takes a body that is not JSON for an empty one here. */
    private JsonFields fields(ApiRequest request) throws IOException {
        try {
            return request.json(mapper, config.maxJson().asLongValue());
        } catch (SandboxException notJson) {
            if (notJson.code() != ErrorCode.INVALID_REQUEST) {
                throw notJson;
            }
            return JsonFields.NONE;
        }
    }
}
