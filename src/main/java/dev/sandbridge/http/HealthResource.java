package dev.sandbridge.http;

import dev.sandbridge.provider.ProviderReport;
import dev.sandbridge.sandbox.SandboxService;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code GET /health}: needs no key, has no version, touches no sandbox. */
@Path(RequestPath.HEALTH)
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class HealthResource {
    private final SandboxService service;

    HealthResource(SandboxService service) {
        this.service = service;
    }

    record Answer(boolean ok, List<String> errors, List<Provider> providers) {}

    record Provider(
            String provider, boolean available, @Nullable String reason, List<Guarantee> guarantees) {}

    record Guarantee(String subject, String strength, String how) {}

    @GET
    public Response health() {
        var now = service.health();
        var answer = new Answer(
                now.ok(),
                now.errors(),
                now.providers().stream().map(HealthResource::provider).toList());
        return Response.status(now.ok() ? Response.Status.OK : Response.Status.SERVICE_UNAVAILABLE)
                .entity(answer)
                .build();
    }

    private static Provider provider(ProviderReport report) {
        return new Provider(
                report.provider(),
                report.unavailable() == null,
                report.unavailable(),
                report.guarantees().stream()
                        .map(line -> new Guarantee(line.subject(), JsonNames.lowerCase(line.strength()), line.how()))
                        .toList());
    }
}
