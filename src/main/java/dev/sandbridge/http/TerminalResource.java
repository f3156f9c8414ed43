package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;

/** Terminals, where they are asked for without a WebSocket. */
@Path("/v1/sandbox/{id}/pty")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class TerminalResource {
    /** An upgrade goes to the WebSocket door, where this deployment has one. */
    @GET
    public Ok open() {
        throw new SandboxException(ErrorCode.INVALID_REQUEST, "WebSocket upgrade required")
                .action("connect with a WebSocket client");
    }
}
