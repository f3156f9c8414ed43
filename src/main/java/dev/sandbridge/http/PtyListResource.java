package dev.sandbridge.http;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.sandbox.ToolProcess;
import dev.sandbridge.sandbox.ToolTerminalService;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.List;

/** The commands of tool calls, apart from {@code pty}: a GET there is the contract's WebSocket. */
@Path("/v1/sandbox/{id}/ptys")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class PtyListResource {
    private final ToolTerminalService terminals;

    PtyListResource(SandboxService service) {
        this.terminals = service.toolTerminals();
    }

    record Answer(List<Item> ptys) {}

    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    record Item(int processId, boolean tty, boolean running, String startedAt, String lastUsedAt, long unreadBytes) {
        static Item of(ToolProcess process) {
            return new Item(
                    process.id(),
                    process.tty(),
                    process.running(),
                    process.startedAt().toString(),
                    process.lastUsedAt().toString(),
                    process.unread());
        }
    }

    @GET
    public Answer list(@Context RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        request.limits().requireMemory("commands of tool calls");
        return new Answer(terminals.list(request.caller(), request.sandbox()).stream()
                .map(Item::of)
                .toList());
    }
}
