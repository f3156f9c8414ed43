package dev.sandbridge.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.archive.ArchiveReport;
import dev.sandbridge.archive.Manifest;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.sandbox.ArchiveService;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.sandbox.StoredReport;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Whole workspaces: out as a tar archive, and in again. */
@Path("/v1/sandbox/{id}")
@RunOnVirtualThread
final class ArchiveResource {
    private static final String REPORT = "Sandbridge-Archive-Report";
    private static final String MANIFEST = "Sandbridge-Archive-Manifest";

    private final ArchiveService archives;
    private final HttpConfig config;

    ArchiveResource(SandboxService service, HttpConfig config) {
        this.archives = service.archives();
        this.config = config;
    }

    /** @param restore how a restore with a manifest ended; absent without one */
    record Hydrated(
            boolean ok,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String restore) {}

    /** A path that is otherwise in the archive than in the workspace, or not there at all. */
    record Line(String kind, String path, @Nullable String detail) {}

    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    record Report(
            long report,
            String createdAt,
            String manifest,
            long entries,
            long bytes,
            Map<String, Long> counts,
            List<Line> lines) {
        static Report of(StoredReport stored) {
            ArchiveReport report = stored.report();
            Manifest manifest = stored.manifest();
            var counts = new TreeMap<String, Long>();
            report.counts().forEach((kind, count) -> counts.put(word(kind), count));
            return new Report(
                    stored.number(),
                    stored.at().toString(),
                    manifest.digest(),
                    manifest.entries(),
                    manifest.bytes(),
                    counts,
                    report.lines().stream()
                            .map(line -> new Line(word(line.kind()), line.path(), line.detail()))
                            .toList());
        }

        private static String word(ArchiveReport.Kind kind) {
            return kind.name().toLowerCase(Locale.ROOT);
        }
    }

    /** Names its report in a header, because it is known before the first byte, and the digest in a trailer. */
    @POST
    @Path("persist")
    public void persist(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        var excludes = request.query().all("excludes").stream()
                .flatMap(list -> Arrays.stream(list.split(",")))
                .toList();
        var out = new ResponseStream(http);
        try {
            Manifest manifest = archives.persist(request.caller(), request.sandbox(), excludes, report -> {
                out.head()
                        .putHeader(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_OCTET_STREAM)
                        .putHeader(REPORT, Long.toString(report));
                out.announce(MANIFEST);
                return out;
            });
            out.conclude(MANIFEST, manifest.digest());
            out.close();
        } catch (CallerGone quiet) {
            out.abort();
        } catch (IOException broken) {
            out.fail(new SandboxException(
                    ErrorCode.WORKSPACE_READ_FAILED, "the workspace could not be read to its end", broken));
        } catch (RuntimeException failed) {
            out.fail(failed);
        }
    }

    @GET
    @Path("reports/{report}")
    @Produces(MediaType.APPLICATION_JSON)
    public Report report(@Context RoutingContext http, @PathParam("report") String report) {
        ApiRequest request = ApiRequest.of(http);
        return Report.of(archives.report(request.caller(), request.sandbox(), number(report)));
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException none) {
            throw new SandboxException(ErrorCode.REPORT_NOT_FOUND, "reports have numbers");
        }
    }

    @POST
    @Path("hydrate")
    @Produces(MediaType.APPLICATION_JSON)
    public Hydrated hydrate(@Context RoutingContext http, InputStream body) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        Query query = request.query();
        String manifest = query.text("manifest");
        long limit = config.maxUpload().asLongValue();
        try (InputStream archive = request.upload(body, limit)) {
            archives.hydrate(request.caller(), request.sandbox(), archive, query.flag("clear"), manifest);
        } catch (LimitedInput.TooLong tooLong) {
            throw ApiRequest.tooLong(limit);
        }
        return new Hydrated(true, manifest == null ? null : "complete");
    }
}
