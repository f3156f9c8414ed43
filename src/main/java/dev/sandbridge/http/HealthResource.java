package dev.sandbridge.http;

import dev.sandbridge.sandbox.Health;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.Map;
import java.util.function.Supplier;

/** {@code GET /health}: needs no key, has no prefix, touches no sandbox. */
@Path("/health")
@Produces(MediaType.APPLICATION_JSON)
public final class HealthResource {
    private final Supplier<Health> health;

    HealthResource(Supplier<Health> health) {
        this.health = health;
    }

    @GET
    public Response health() {
        var now = health.get();
        return now.ok()
                ? Response.ok(Map.of("ok", true)).build()
                : Response.status(503)
                        .entity(Map.of("ok", false, "errors", now.errors()))
                        .build();
    }
}
