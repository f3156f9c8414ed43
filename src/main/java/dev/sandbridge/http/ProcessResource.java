package dev.sandbridge.http;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.process.OutputSink.Channel;
import dev.sandbridge.process.Signal;
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
import java.io.InputStream;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/** Commands that outlive the call that starts them. */
@Path("/v1/sandbox/{id}/processes")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class ProcessResource {
    /** The longest wait of one call; proxies give up silent requests after a minute. */
    private static final long WAIT_MILLIS = Duration.ofSeconds(50).toMillis();

    private static final int PART = 64 * 1024;
    private static final int LARGEST_PART = 1 << 20;

    private final SandboxService service;
    private final ObjectMapper mapper;
    private final HttpConfig config;

    ProcessResource(SandboxService service, ObjectMapper mapper, HttpConfig config) {
        this.service = service;
        this.mapper = mapper;
        this.config = config;
    }

    record ListAnswer(List<ProcessAnswer> processes) {}

    /**
     * Part of a stream.
     *
     * @param data in base64
     * @param gap bytes before {@code offset} that were asked for and are no longer kept
     * @param ended whether nothing can follow
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    record OutputAnswer(String data, long offset, long nextOffset, long gap, long total, boolean ended) {
        static OutputAnswer of(OutputPart part) {
            return new OutputAnswer(
                    Base64.getEncoder().encodeToString(part.bytes()),
                    part.offset(),
                    part.next(),
                    part.gap(),
                    part.total(),
                    part.ended());
        }
    }

    @POST
    public ProcessAnswer start(@Context RoutingContext http) throws IOException {
        ApiRequest request = request(http);
        JsonFields fields = request.json(mapper, config.maxJson().asLongValue());
        if (fields.has("stdin") || fields.has("stdin_base64")) {
            throw fields.wrong("stdin", "sent to the process's own stdin route after the start");
        }
        var call = ExecCalls.read(fields, request.header("Session-Id"), false);
        return ProcessAnswer.of(
                service.processes().start(request.caller(), request.sandbox(), call, fields.text("label")));
    }

    @GET
    public ListAnswer list(@Context RoutingContext http) {
        ApiRequest request = request(http);
        return new ListAnswer(service.processes().list(request.caller(), request.sandbox()).stream()
                .map(ProcessAnswer::of)
                .toList());
    }

    @GET
    @Path("{process}")
    public ProcessAnswer get(@Context RoutingContext http, @PathParam("process") String process) {
        ApiRequest request = request(http);
        return ProcessAnswer.of(service.processes().get(request.caller(), request.sandbox(), process));
    }

    @GET
    @Path("{process}/output")
    public OutputAnswer output(@Context RoutingContext http, @PathParam("process") String process) {
        ApiRequest request = request(http);
        Query query = request.query();
        return OutputAnswer.of(service.processes()
                .output(
                        request.caller(),
                        request.sandbox(),
                        process,
                        channel(query),
                        query.number("offset", 0, 0, Long.MAX_VALUE),
                        (int) query.number("limit", PART, 1, LARGEST_PART),
                        query.millis("wait_ms", 0, WAIT_MILLIS)));
    }

    @POST
    @Path("{process}/stdin")
    public Ok input(@Context RoutingContext http, @PathParam("process") String process) throws IOException {
        ApiRequest request = request(http);
        long limit = config.maxUpload().asLongValue();
        try (InputStream bytes = request.upload(limit)) {
            service.processes()
                    .write(
                            request.caller(),
                            request.sandbox(),
                            process,
                            bytes,
                            request.query().flag("end"));
        } catch (RequestBody.TooLong tooLong) {
            throw ApiRequest.tooLong(limit);
        } catch (CallerGone gone) {
            throw gone;
        } catch (IOException closed) {
            throw new SandboxException(ErrorCode.CONFLICT, "the process has ended or closed its input", closed)
                    .action("look at the process with GET; what it had read before is not lost");
        }
        return Ok.OK;
    }

    @POST
    @Path("{process}/signal")
    public Ok signal(@Context RoutingContext http, @PathParam("process") String process) throws IOException {
        ApiRequest request = request(http);
        JsonFields fields = request.json(mapper, config.maxJson().asLongValue());
        String signal = fields.text("signal");
        if (signal == null) {
            throw fields.wrong("signal", "a name such as \"TERM\"");
        }
        service.processes().signal(request.caller(), request.sandbox(), process, Signal.parse(signal));
        return Ok.OK;
    }

    @POST
    @Path("{process}/wait")
    public ProcessAnswer await(@Context RoutingContext http, @PathParam("process") String process) {
        ApiRequest request = request(http);
        return ProcessAnswer.of(service.processes()
                .await(
                        request.caller(),
                        request.sandbox(),
                        process,
                        request.query().millis("timeout_ms", WAIT_MILLIS, WAIT_MILLIS)));
    }

    @DELETE
    @Path("{process}")
    public void forget(@Context RoutingContext http, @PathParam("process") String process) {
        ApiRequest request = request(http);
        service.processes().forget(request.caller(), request.sandbox(), process);
    }

    private static ApiRequest request(RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        request.limits().requireMemory("processes");
        return request;
    }

    private static Channel channel(Query query) {
        String stream = query.text("stream");
        return switch (stream) {
            case null -> Channel.STDOUT;
            case "stdout" -> Channel.STDOUT;
            case "stderr" -> Channel.STDERR;
            default -> throw Query.wrong("stream", "stdout or stderr");
        };
    }
}
