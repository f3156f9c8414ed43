package dev.sandbridge.http;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxFiles.OpenFile;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.workspace.FileInfo;
import dev.sandbridge.workspace.FileType;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HEAD;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** One file: its bytes, exactly, both ways and of any size. */
@Path("/v1/sandbox/{id}/file")
@RunOnVirtualThread
final class FileResource {
    private final SandboxService service;
    private final HttpConfig config;

    FileResource(SandboxService service, HttpConfig config) {
        this.service = service;
        this.config = config;
    }

    @GET
    public void read(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        ByteRange wanted = range(request);
        long offset = wanted == null ? 0 : wanted.first();
        long length = wanted == null ? -1 : wanted.length();
        var out = new ResponseStream(http);
        try {
            service.files().read(request.caller(), request.sandbox(), request.file(), offset, length, file -> {
                long bytes = head(http.response(), file.info(), wanted);
                send(file, out, bytes);
                return bytes;
            });
            out.close();
        } catch (CallerGone quiet) {
            out.abort();
        } catch (IOException broken) {
            out.fail(new SandboxException(ErrorCode.WORKSPACE_READ_FAILED, "the file could not be read", broken));
        } catch (RuntimeException failed) {
            out.fail(failed);
        }
    }

    @HEAD
    public void stat(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        FileInfo info = service.files().stat(request.caller(), request.sandbox(), request.file(), true);
        if (info.type() != FileType.FILE) {
            throw new SandboxException(ErrorCode.WRONG_FILE_TYPE, "the path does not name a regular file");
        }
        head(http.response(), info, null);
        new ResponseStream(http).close();
    }

    @PUT
    @Produces(MediaType.APPLICATION_JSON)
    public Ok write(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http);
        if (request.header("Content-Range") != null) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "a file is written whole, not in ranges")
                    .action("send all of it, without Content-Range");
        }
        long limit = config.maxUpload().asLongValue();
        var file = request.file();
        try (InputStream content = request.upload(limit)) {
            service.files()
                    .write(
                            request.caller(),
                            request.sandbox(),
                            file,
                            content,
                            request.contentLength(),
                            request.query().mode("mode"));
        } catch (RequestBody.TooLong tooLong) {
            throw ApiRequest.tooLong(limit);
        }
        return Ok.OK;
    }

    @DELETE
    public void delete(@Context RoutingContext http) {
        ApiRequest request = ApiRequest.of(http);
        service.files()
                .delete(
                        request.caller(),
                        request.sandbox(),
                        request.file(),
                        request.query().flag("recursive"));
    }

    private @Nullable ByteRange range(ApiRequest request) {
        return ByteRange.parse(request.header("Range"), request.header("If-Range"), () -> service.files()
                .stat(request.caller(), request.sandbox(), request.file(), true)
                .size());
    }

    /** Sets the head of the answer; how many bytes follow. */
    private static long head(HttpServerResponse response, FileInfo info, @Nullable ByteRange range) {
        long bytes = info.size();
        response.putHeader(HttpHeaders.ACCEPT_RANGES, "bytes");
        if (range != null) {
            response.putHeader(HttpHeaders.CONTENT_RANGE, "bytes */" + info.size());
            ByteRange part = range.within(info.size());
            bytes = part.length();
            response.setStatusCode(Response.Status.PARTIAL_CONTENT.getStatusCode())
                    .putHeader(
                            HttpHeaders.CONTENT_RANGE, "bytes " + part.first() + "-" + part.last() + "/" + info.size());
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, MediaType.APPLICATION_OCTET_STREAM)
                .putHeader(HttpHeaders.CONTENT_LENGTH, Long.toString(bytes))
                .putHeader(
                        HttpHeaders.LAST_MODIFIED,
                        DateTimeFormatter.RFC_1123_DATE_TIME.format(
                                info.modified().atOffset(ZoneOffset.UTC)));
        return bytes;
    }

    private static void send(OpenFile file, ResponseStream out, long bytes) throws IOException {
        if (out.transferFrom(channel(file.content()), bytes) < bytes) {
            throw new IOException("the file became shorter while it was read");
        }
    }

    private static ReadableByteChannel channel(InputStream content) {
        return content instanceof ReadableByteChannel channel ? channel : Channels.newChannel(content);
    }
}
