package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.session.Secrets;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.List;

/** Versions of the secrets that sign ids and seal state; admins only. The secrets themselves are never shown. */
@Path("/v1/secrets")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class SecretResource {
    private final Secrets secrets;

    SecretResource(Secrets secrets) {
        this.secrets = secrets;
    }

    /** @param versions newest first; the first one signs */
    record Answer(List<Integer> versions) {}

    @GET
    public Answer list(@Context RoutingContext http) {
        ApiRequest.of(http).requireAdmin();
        return new Answer(secrets.versions());
    }

    @POST
    public Answer rotate(@Context RoutingContext http) {
        ApiRequest.of(http).requireAdmin();
        secrets.rotate();
        return new Answer(secrets.versions());
    }

    @DELETE
    @Path("{version}")
    public void retire(@Context RoutingContext http, @PathParam("version") String version) {
        ApiRequest.of(http).requireAdmin();
        secrets.retire(number(version));
    }

    private static int number(String version) {
        try {
            return Integer.parseInt(version);
        } catch (NumberFormatException noNumber) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "a version of the secrets is a number");
        }
    }
}
