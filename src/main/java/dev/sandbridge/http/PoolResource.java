package dev.sandbridge.http;

import dev.sandbridge.sandbox.SandboxQuery;
import dev.sandbridge.sandbox.SandboxService;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The contract's pool of warm sandboxes. There is none here: sandboxes start too fast to keep any in stock. */
@Path("/v1/pool")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class PoolResource {
    private final SandboxService service;

    PoolResource(SandboxService service) {
        this.service = service;
    }

    /** @param assigned the caller's own sandboxes */
    record Stats(
            int warm,
            int assigned,
            int total,
            PoolConfig config,
            @Nullable Integer maxInstances) {}

    record PoolConfig(
            int warmTarget, int refreshInterval, @Nullable Integer maxInstances, int scaleBatchSize) {}

    @GET
    @Path("stats")
    public Stats stats(@Context RoutingContext http) {
        int own = 0;
        String cursor = null;
        do {
            var page = service.list(
                    ApiRequest.of(http).caller(), new SandboxQuery(Map.of(), null, cursor, SandboxQuery.MAX));
            own += page.items().size();
            cursor = page.next();
        } while (cursor != null);
        return new Stats(0, own, own, new PoolConfig(0, 0, null, 0), null);
    }

    @POST
    @Path("prime")
    public Ok prime() {
        return Ok.OK;
    }

    @POST
    @Path("shutdown-prewarmed")
    public Ok shutDown() {
        return Ok.OK;
    }
}
