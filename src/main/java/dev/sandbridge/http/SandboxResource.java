package dev.sandbridge.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.sandbox.CreateSandbox;
import dev.sandbridge.sandbox.SandboxQuery;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.sandbox.SandboxUpdate;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Sandboxes: made, found, changed, removed. */
@Path("/v1/sandbox")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class SandboxResource {
    private static final int PAGE = 100;

    private final SandboxService service;
    private final ObjectMapper mapper;
    private final HttpConfig config;

    SandboxResource(SandboxService service, ObjectMapper mapper, HttpConfig config) {
        this.service = service;
        this.mapper = mapper;
        this.config = config;
    }

    record Running(boolean running) {}

    /** @param nextCursor asks for the next page; null at the end */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    record ListAnswer(
            List<SandboxAnswer> sandboxes, @Nullable String nextCursor) {}

    @POST
    public SandboxAnswer create(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        CreateSandbox wish = wish(
                request.json(mapper, config.maxJson().asLongValue()),
                request.path().profile());
        var made = service.create(request.caller(), wish);
        return SandboxAnswer.of(made.sandbox(), made.created());
    }

    @GET
    public ListAnswer list(@Context RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        Query query = request.query();
        var page = service.list(
                request.caller(),
                new SandboxQuery(labels(query.all("label")), query.text("owner"), query.text("cursor"), (int)
                        query.number("limit", PAGE, 1, SandboxQuery.MAX)));
        return new ListAnswer(
                page.items().stream().map(view -> SandboxAnswer.of(view, null)).toList(), page.next());
    }

    @GET
    @Path("{id}")
    public SandboxAnswer describe(@Context RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        return SandboxAnswer.of(service.describe(request.caller(), request.sandbox()), null);
    }

    @PATCH
    @Path("{id}")
    public SandboxAnswer update(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        JsonFields fields = request.json(mapper, config.maxJson().asLongValue());
        var update = new SandboxUpdate(
                fields.has("labels") ? changes(fields.nullableTextMap("labels")) : null,
                fields.duration("ttl"),
                fields.instant("expires_at"));
        return SandboxAnswer.of(service.update(request.caller(), request.sandbox(), update), null);
    }

    @DELETE
    @Path("{id}")
    public void delete(@Context RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        boolean snapshot = request.query().flag("snapshot_on_exit");
        boolean pause = request.query().flag("pause_on_exit");
        if (snapshot || pause) {
            service.exit(request.caller(), request.sandbox(), snapshot, pause).ifPresent(made -> http.response()
                    .putHeader("Sandbridge-Snapshot", made.snapshot().id())
                    .putHeader(ArchiveResource.REPORT, Long.toString(made.report())));
        } else {
            service.delete(request.caller(), request.sandbox());
        }
    }

    @GET
    @Path("{id}/running")
    public Running running(@Context RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        return new Running(service.running(request.caller(), request.sandbox()));
    }

    /** The contract's {@code timeoutMs}, {@code createTimeoutMs} and {@code mounts} mean nothing to a create. */
    private static CreateSandbox wish(JsonFields fields, @Nullable String profileOfPath) {
        String profile = fields.text("profile");
        if (profile != null && profileOfPath != null && !profile.equals(profileOfPath)) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "profile differs from the one in the URL")
                    .action("name the profile once");
        }
        JsonFields limits = fields.object("limits", "memory", "processes", "cpu", "disk", "output");
        JsonFields timeouts = fields.object("timeouts", "exec", "cleanup", "upload", "download", "archive", "fast_op");
        return new CreateSandbox(
                fields.text("name"),
                profile == null ? profileOfPath : profile,
                fields.text("image"),
                fields.textMap("env"),
                fields.textMap("labels"),
                fields.duration("ttl"),
                new CreateSandbox.TimeoutWishes(
                        timeouts.duration("exec"),
                        timeouts.duration("cleanup"),
                        timeouts.duration("upload"),
                        timeouts.duration("download"),
                        timeouts.duration("archive"),
                        timeouts.duration("fast_op")),
                new CreateSandbox.LimitWishes(
                        limits.bytes("memory"),
                        limits.integer("processes"),
                        limits.integer("cpu"),
                        limits.bytes("disk"),
                        limits.bytes("output")),
                fields.integers("exposedPorts", 1, 65535));
    }

    private static Map<String, Optional<String>> changes(Map<String, @Nullable String> labels) {
        Map<String, Optional<String>> changes = new LinkedHashMap<>();
        labels.forEach((key, value) -> changes.put(key, Optional.ofNullable(value)));
        return changes;
    }

    private static Map<String, String> labels(List<String> pairs) {
        Map<String, String> labels = new LinkedHashMap<>();
        for (String pair : pairs) {
            int equals = pair.indexOf('=');
            if (equals < 1) {
                throw Query.wrong("label", "a pair such as team=blue");
            }
            String value = pair.substring(equals + 1);
            String before = labels.put(pair.substring(0, equals), value);
            if (before != null && !before.equals(value)) {
                throw new SandboxException(
                                ErrorCode.INVALID_REQUEST, "a label is asked for twice, with different values")
                        .action("ask for one value of each label; a sandbox has no other");
            }
        }
        return labels;
    }
}
