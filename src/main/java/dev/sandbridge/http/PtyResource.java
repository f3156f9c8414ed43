package dev.sandbridge.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Tickets;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.sandbox.ToolTerminalService;
import dev.sandbridge.sandbox.ToolWait;
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
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Commands of tool calls, and tickets for terminals. What is seen through a WebSocket is not served here. */
@Path("/v1/sandbox/{id}/pty")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class PtyResource {
    private static final long START_MILLIS = 10_000;
    private static final long WRITE_MILLIS = 250;

    private final ToolTerminalService terminals;
    private final Tickets tickets;
    private final ObjectMapper mapper;
    private final HttpConfig config;

    PtyResource(SandboxService service, Tickets tickets, ObjectMapper mapper, HttpConfig config) {
        this.terminals = service.toolTerminals();
        this.tickets = tickets;
        this.mapper = mapper;
        this.config = config;
    }

    /** @param protocol the WebSocket sub-protocol that shows the ticket */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    record TicketAnswer(String ticket, String protocol, String expiresAt) {
        static final String PROTOCOL = "sandbridge.ticket.";
    }

    @POST
    public PtyAnswer start(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        JsonFields fields = fields(request);
        return PtyAnswer.of(terminals.start(
                request.caller(),
                request.sandbox(),
                ToolCalls.read(fields, request.header("Session-Id")),
                wait(fields, START_MILLIS),
                request::isCallerGone));
    }

    @POST
    @Path("{process}")
    public PtyAnswer write(@Context RoutingContext http, @PathParam("process") String process) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        JsonFields fields = fields(request);
        String chars = fields.text("chars");
        return PtyAnswer.of(terminals.write(
                request.caller(),
                request.sandbox(),
                number(process),
                chars == null ? "" : chars,
                wait(fields, WRITE_MILLIS),
                request::isCallerGone));
    }

    @DELETE
    @Path("{process}")
    public void end(@Context RoutingContext http, @PathParam("process") String process) {
        ApiRequest request = ApiRequest.of(http);
        terminals.end(request.caller(), request.sandbox(), number(process));
    }

    @DELETE
    public void endAll(@Context RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        terminals.endAll(request.caller(), request.sandbox());
    }

    /** Without a named origin, the page's that asks. */
    @POST
    @Path("ticket")
    public TicketAnswer ticket(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        JsonFields fields = fields(request);
        String origin = fields.text("origin");
        terminals.check(request.caller(), request.sandbox());
        var right = new Tickets.Right(
                Objects.requireNonNull(request.path().id(), "a route without a sandbox"),
                fields.text("session"),
                fields.text("shell"),
                fields.text("user"),
                origin == null ? request.header("Origin") : origin);
        Tickets.Issued issued = tickets.issue(request.caller(), right);
        return new TicketAnswer(
                issued.ticket(),
                TicketAnswer.PROTOCOL + issued.ticket(),
                issued.expiresAt().toString());
    }

    private JsonFields fields(ApiRequest request) throws IOException {
        return request.json(mapper, config.maxJson().asLongValue());
    }

    private static ToolWait wait(JsonFields fields, long standard) {
        Long yield = fields.number("yield_ms", 0, Long.MAX_VALUE);
        @Nullable Integer tokens = fields.integer("max_output_tokens");
        return new ToolWait(Duration.ofMillis(yield == null ? standard : yield), tokens);
    }

    /** What is no number is the number of no process. */
    private static int number(String process) {
        if (!process.matches("[0-9]{1,9}")) {
            throw new SandboxException(ErrorCode.PROCESS_NOT_FOUND, "a tool call's process is named by its number")
                    .action("list them with GET .../ptys");
        }
        return Integer.parseInt(process);
    }
}
