package dev.sandbridge.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxPorts.Published;
import dev.sandbridge.sandbox.PortService;
import dev.sandbridge.sandbox.SandboxService;
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
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** URLs for ports of sandboxes. */
@Path("/v1/sandbox/{id}/ports")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class PortResource {
    private final PortService ports;
    private final ObjectMapper mapper;
    private final HttpConfig config;

    PortResource(SandboxService service, ObjectMapper mapper, HttpConfig config) {
        this.ports = service.ports();
        this.mapper = mapper;
        this.config = config;
    }

    /** @param headers what a request to the URL must carry */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record PortAnswer(
            int port,
            @JsonProperty("public") boolean open,
            String url,
            Map<String, String> headers,
            @Nullable String browserUrl,
            @Nullable String expiresAt) {
        static PortAnswer of(Published published) {
            URI browser = published.browserUrl();
            Instant end = published.expiresAt();
            return new PortAnswer(
                    published.port(),
                    published.open(),
                    published.url().toString(),
                    published.headers(),
                    browser == null ? null : browser.toString(),
                    end == null ? null : end.toString());
        }
    }

    record ListAnswer(List<PortAnswer> ports) {}

    @POST
    public PortAnswer publish(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        JsonFields fields = request.json(mapper, config.maxJson().asLongValue());
        Long port = fields.number("port", 1, 65_535);
        if (port == null) {
            throw fields.wrong("port", "an integer from 1 to 65535");
        }
        Boolean open = fields.flag("public");
        return PortAnswer.of(ports.publish(
                request.caller(), request.sandbox(), port.intValue(), open != null && open, fields.duration("ttl")));
    }

    @GET
    public ListAnswer list(@Context RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        return new ListAnswer(ports.list(request.caller(), request.sandbox()).stream()
                .map(PortAnswer::of)
                .toList());
    }

    @DELETE
    @Path("{port}")
    public void unpublish(@Context RoutingContext http, @PathParam("port") String port) {
        ApiRequest request = ApiRequest.of(http);
        if (!port.matches("[1-9][0-9]{0,4}")) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "port must be a number from 1 to 65535");
        }
        ports.unpublish(request.caller(), request.sandbox(), Integer.parseInt(port));
    }
}
