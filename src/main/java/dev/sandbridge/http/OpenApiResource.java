package dev.sandbridge.http;

import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The API's description, for programs and for people. */
@Path("/v1")
@RunOnVirtualThread
final class OpenApiResource {
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
    @Produces("text/html;charset=utf-8")
    public byte[] page() {
        return page;
    }

    @GET
    @Path("openapi.html")
    @Produces("text/html;charset=utf-8")
    public byte[] pageByName() {
        return page;
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
