package dev.sandbridge.http;

import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The API's description, for programs and for people. */
@Path("/v1")
@RunOnVirtualThread
final class OpenApiResource {
    private static final String HTML = "text/html;charset=utf-8";

    /** The page loads the document and nothing else; a key in its address goes nowhere. */
    private static final String POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";

    private final byte[] document = resource("/openapi.json");
    private final byte[] page = resource("/openapi.html");

    @GET
    @Path("openapi.json")
    @Produces(MediaType.APPLICATION_JSON)
    public byte[] document() {
        return document;
    }

    @GET
    @Path("openapi")
    @Produces(HTML)
    public Response page() {
        return Response.ok(page)
                .header("Content-Security-Policy", POLICY)
                .header("Referrer-Policy", "no-referrer")
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .build();
    }

    @GET
    @Path("openapi.html")
    @Produces(HTML)
    public Response pageByName() {
        return page();
    }

    private static byte[] resource(String name) {
        try (var in = OpenApiResource.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing from this build");
            }
            return in.readAllBytes();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
