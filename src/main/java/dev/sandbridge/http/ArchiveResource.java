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
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
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
    static final String REPORT = "Sandbridge-Archive-Report";
    private static final int LINES = 64 * 1024;
    private static final String MANIFEST = "Sandbridge-Archive-Manifest";

    private final ArchiveService archives;

    ArchiveResource(SandboxService service) {
        this.archives = service.archives();
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

    /**
     * Names its report before the first byte, for callers who do not read trailers, and again after the last one, when
     * it is there; the digest is known only then.
     */
    @POST
    @Path("persist")
    public void persist(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        var excludes = request.query().all("excludes").stream()
                .flatMap(list -> Arrays.stream(list.split(",")))
                .toList();
        var out = new ResponseStream(http);
        answer(out, () -> {
            var number = new StringBuilder();
            Manifest manifest = archives.persist(request.caller(), request.sandbox(), excludes, report -> {
                number.append(report);
                out.head()
                        .putHeader(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_OCTET_STREAM)
                        .putHeader(REPORT, Long.toString(report));
                out.announce(MANIFEST + ", " + REPORT);
                return out;
            });
            out.conclude(MANIFEST, manifest.digest());
            out.conclude(REPORT, number.toString());
        });
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void answer(ResponseStream out, Work work) throws IOException {
        try {
            work.run();
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
        try {
            return Report.of(archives.report(request.caller(), request.sandbox(), number(report)));
        } catch (SandboxException unknown) {
            if (unknown.code() == ErrorCode.REPORT_NOT_FOUND) {
                // Another instance may have it.
                request.limits().requireMemory("reports of archives");
            }
            throw unknown;
        }
    }

    /** A line for each entry: type, mode, size, time, SHA-256, path and a link's target, in the archive's order. */
    @GET
    @Path("manifests/{digest}")
    public void manifest(@Context RoutingContext http, @PathParam("digest") String digest) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        var listing = archives.manifest(request.caller(), request.sandbox(), digest);
        var out = new ResponseStream(http);
        out.head().putHeader(HttpHeaders.CONTENT_TYPE, "text/plain;charset=us-ascii");
        answer(out, () -> {
            var lines = new BufferedOutputStream(out, LINES);
            listing.each(entry -> write(entry.line() + '\n', lines));
            lines.flush();
        });
    }

    private static void write(String line, OutputStream into) {
        try {
            into.write(line.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException none) {
            throw new SandboxException(ErrorCode.REPORT_NOT_FOUND, "reports have numbers");
        }
    }

    /** Limited as archives are, so that whatever {@link #persist} writes is taken, and by nothing else. */
    @POST
    @Path("hydrate")
    @Produces(MediaType.APPLICATION_JSON)
    public Hydrated hydrate(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        Query query = request.query();
        String manifest = query.text("manifest");
        try (InputStream archive = request.upload(Long.MAX_VALUE)) {
            archives.hydrate(request.caller(), request.sandbox(), archive, query.flag("clear"), manifest);
        }
        return new Hydrated(true, manifest == null ? null : "complete");
    }
}
