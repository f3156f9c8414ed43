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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** {@code GET /health}: needs no key, has no version, touches no sandbox. */
@Path(RequestPath.HEALTH)
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class HealthResource {
    private static final String DRAINING = "draining: the service is about to end and finishes what runs";

    private final SandboxService service;
    private final Draining draining;

    HealthResource(SandboxService service, Draining draining) {
        this.service = service;
        this.draining = draining;
    }

    record Answer(boolean ok, List<String> errors, List<Provider> providers) {}

    record Provider(
            String provider, boolean available, @Nullable String reason, List<Guarantee> guarantees) {}

    record Guarantee(String subject, String strength, String how) {}

    @GET
    public Response health() {
        var now = service.health();
        List<String> errors = draining.hasBegun()
                ? Stream.concat(Stream.of(DRAINING), now.errors().stream()).toList()
                : now.errors();
        var answer = new Answer(
                errors.isEmpty(),
                errors,
                now.providers().stream().map(HealthResource::provider).toList());
        return Response.status(answer.ok() ? Response.Status.OK : Response.Status.SERVICE_UNAVAILABLE)
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
