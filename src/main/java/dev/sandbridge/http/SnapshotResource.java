package dev.sandbridge.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.sandbox.SnapshotService;
import dev.sandbridge.snapshot.Snapshot;
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
import java.io.IOException;
import java.util.List;

/** Snapshots of workspaces: made, listed, restored, removed. */
@Path("/v1/sandbox/{id}")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class SnapshotResource {
    private final SnapshotService snapshots;
    private final ObjectMapper mapper;
    private final HttpConfig config;

    SnapshotResource(SandboxService service, ObjectMapper mapper, HttpConfig config) {
        this.snapshots = service.snapshots();
        this.mapper = mapper;
        this.config = config;
    }

    /** @param size of the stored archive */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    record SnapshotAnswer(
            String id, String createdAt, String manifest, long entries, long bytes, String sha256, long size) {
        static SnapshotAnswer of(Snapshot snapshot) {
            return new SnapshotAnswer(
                    snapshot.id(),
                    snapshot.createdAt().toString(),
                    snapshot.manifest(),
                    snapshot.entries(),
                    snapshot.content(),
                    snapshot.sha256(),
                    snapshot.size());
        }
    }

    record ListAnswer(List<SnapshotAnswer> snapshots) {}

    /** @param skipped whether the workspace held exactly this already */
    record RestoreAnswer(boolean ok, String snapshot, boolean skipped) {}

    @POST
    @Path("snapshots")
    public SnapshotAnswer create(@Context RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        var made = snapshots.create(request.caller(), request.sandbox());
        http.response().putHeader(ArchiveResource.REPORT, Long.toString(made.report()));
        return SnapshotAnswer.of(made.snapshot());
    }

    @GET
    @Path("snapshots")
    public ListAnswer list(@Context RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        return new ListAnswer(snapshots.list(request.caller(), request.sandbox()).stream()
                .map(SnapshotAnswer::of)
                .toList());
    }

    @GET
    @Path("snapshots/{snapshot}")
    public SnapshotAnswer describe(@Context RoutingContext http, @PathParam("snapshot") String snapshot) {
        ApiRequest request = ApiRequest.of(http);
        return SnapshotAnswer.of(snapshots.describe(request.caller(), request.sandbox(), snapshot));
    }

    @DELETE
    @Path("snapshots/{snapshot}")
    public void delete(@Context RoutingContext http, @PathParam("snapshot") String snapshot) {
        ApiRequest request = ApiRequest.of(http);
        snapshots.delete(request.caller(), request.sandbox(), snapshot);
    }

    @POST
    @Path("restore")
    public RestoreAnswer restore(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        String snapshot = request.json(mapper, config.maxJson().asLongValue()).text("snapshot");
        if (snapshot == null) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "snapshot must name the snapshot to restore");
        }
        var restored = snapshots.restore(request.caller(), request.sandbox(), snapshot);
        return new RestoreAnswer(true, restored.snapshot().id(), restored.skipped());
    }
}
