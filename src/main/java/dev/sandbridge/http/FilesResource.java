package dev.sandbridge.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.WorkspacePath;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;

/** Directories: listed and made. A listing is sent while it is read, however many entries there are. */
@Path("/v1/sandbox/{id}")
@RunOnVirtualThread
final class FilesResource {
    private static final String LINES = "application/x-ndjson";

    private final SandboxService service;
    private final ObjectMapper mapper;
    private final HttpConfig config;

    FilesResource(SandboxService service, ObjectMapper mapper, HttpConfig config) {
        this.service = service;
        this.mapper = mapper;
        this.config = config;
    }

    @GET
    @Path("files")
    public void list(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        String path = Objects.requireNonNullElse(request.query().text("path"), WorkspacePath.ROOT);
        boolean lines = request.accepts(LINES);
        var out = new ResponseStream(http);
        out.head().putHeader(HttpHeaders.CONTENT_TYPE, lines ? LINES : MediaType.APPLICATION_JSON);
        var entries = new Entries(out, mapper, lines);
        try {
            service.files().list(request.caller(), request.sandbox(), WorkspacePath.of(path), entries::add);
            entries.end();
        } catch (UncheckedIOException | CallerGone quiet) {
            out.abort();
        } catch (RuntimeException failed) {
            out.fail(failed);
        }
    }

    @POST
    @Path("mkdir")
    @Produces(MediaType.APPLICATION_JSON)
    public FileAnswer make(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        JsonFields fields = request.json(mapper, config.maxJson().asLongValue());
        String path = fields.text("path");
        if (path == null) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "path must name the directory to make");
        }
        String mode = fields.text("mode");
        return FileAnswer.of(service.files()
                .makeDirectory(
                        request.caller(),
                        request.sandbox(),
                        WorkspacePath.of(path),
                        Boolean.TRUE.equals(fields.flag("parents")),
                        mode == null ? null : FileMode.parse("mode", mode)));
    }

    /** Writes entries as they come, in pieces. */
    private static final class Entries {
        private static final int PIECE = 32 * 1024;

        private final ResponseStream out;
        private final ObjectMapper mapper;
        private final boolean lines;
        private Buffer pending;
        private boolean any;

        Entries(ResponseStream out, ObjectMapper mapper, boolean lines) {
            this.out = out;
            this.mapper = mapper;
            this.lines = lines;
            this.pending = Buffer.buffer(lines ? "" : "[");
        }

        void add(FileInfo info) {
            try {
                pending.appendString(any && !lines ? ",\n" : "")
                        .appendBytes(mapper.writeValueAsBytes(FileAnswer.of(info)));
                pending.appendString(lines ? "\n" : "");
                any = true;
                if (pending.length() >= PIECE) {
                    out.send(pending);
                    pending = Buffer.buffer();
                }
            } catch (IOException gone) {
                throw new UncheckedIOException(gone);
            }
        }

        void end() throws IOException {
            out.finish(pending.appendString(lines ? "" : "]\n"));
        }
    }
}
