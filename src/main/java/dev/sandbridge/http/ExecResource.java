package dev.sandbridge.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.OutputSink.Channel;
import dev.sandbridge.sandbox.ExecCall;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.sandbox.StartedExec;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Runs one command and answers with its output: as the contract's event stream, or as one JSON object on request. */
@Path("/v1/sandbox/{id}/exec")
@RunOnVirtualThread
final class ExecResource {
    private final SandboxService service;
    private final ObjectMapper mapper;
    private final Errors errors;
    private final HttpConfig config;

    ExecResource(SandboxService service, ObjectMapper mapper, Errors errors, HttpConfig config) {
        this.service = service;
        this.mapper = mapper;
        this.errors = errors;
        this.config = config;
    }

    /**
     * A command's end and output. Output that is not UTF-8 comes in the member named base64.
     *
     * @param truncated whether output was dropped
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    record Answer(
            int exitCode,
            @JsonInclude @Nullable String signal,
            boolean timedOut,
            @Nullable String stdout,
            @JsonProperty("stdout_base64") @Nullable String stdoutBase64,
            @Nullable String stderr,
            @JsonProperty("stderr_base64") @Nullable String stderrBase64,
            boolean truncated,
            long durationMs) {}

    @POST
    @Produces(MediaType.APPLICATION_JSON)
    public @Nullable Answer exec(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        boolean json = request.prefers(MediaType.APPLICATION_JSON, MediaType.SERVER_SENT_EVENTS);
        ExecCall call = request.limits()
                .capped(ExecCalls.read(
                        request.json(mapper, config.maxJson().asLongValue()), request.header("Session-Id"), json));
        long start = System.nanoTime();
        try (StartedExec command = service.exec(request.caller(), request.sandbox(), call, request::whenGone)) {
            request.whenGone(command::cancel);
            if (json) {
                return collect(command, start, request);
            }
            stream(command, new ResponseStream(http), http);
            return null;
        }
    }

    private Answer collect(StartedExec command, long start, ApiRequest request) throws IOException {
        var output = new CollectedOutput((int) config.maxJsonOutput().asLongValue());
        ExitStatus status;
        try {
            status = command.run(output);
        } catch (IOException cancelled) {
            throw request.isCallerGone() ? new CallerGone() : cancelled;
        }
        Bytes stdout = Bytes.of(output.of(Channel.STDOUT));
        Bytes stderr = Bytes.of(output.of(Channel.STDERR));
        return new Answer(
                status.code(),
                status.signal(),
                command.timedOut(),
                stdout.text(),
                stdout.base64(),
                stderr.text(),
                stderr.base64(),
                output.truncated(),
                Duration.ofNanos(System.nanoTime() - start).toMillis());
    }

    /** From here on every failure is told in the stream: the status may be sent already. */
    private void stream(StartedExec command, ResponseStream out, RoutingContext http) {
        try (var events = new EventStream(out, http.vertx(), config.keepAlive())) {
            try {
                ExitStatus status = command.run(events);
                // Before the answer: after it a function may stand still.
                command.close();
                events.exit(status.code());
            } catch (IOException | RuntimeException failed) {
                ApiRequest request = ApiRequest.of(http);
                if (!request.isCallerGone()) {
                    events.error(errors.event(request.limits().advise(Errors.known(failed))));
                }
            }
        } catch (IOException gone) {
            out.abort();
        }
    }
}
