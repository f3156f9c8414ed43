package dev.sandbridge.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.sandbox.SandboxRef;
import dev.sandbridge.workspace.WorkspacePath;
import io.vertx.core.Context;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One request, as far as the door itself reads it: who calls, what the path names, what is wanted back. Made by
 * {@link Entrance} before anything else sees the request; used by one thread at a time, but for {@link #callerGone}.
 */
final class ApiRequest {
    private static final String KEY = ApiRequest.class.getName();

    private final RoutingContext http;
    private final Context connection;
    private final RequestPath path;
    private final DoorLimits limits;
    private final @Nullable String accept;
    private @Nullable Query query;
    private @Nullable Caller caller;
    private @Nullable Runnable onGone;
    private final Runnable end;
    private final AtomicBoolean running = new AtomicBoolean(true);
    private volatile boolean kept;
    private boolean gone;
    private @Nullable RequestBody body;

    /**
     * Made by the event loop of its connection.
     *
     * @param end run once, when the request has ended
     */
    ApiRequest(RoutingContext http, RequestPath path, DoorLimits limits, Runnable end) {
        this.http = http;
        this.connection = http.vertx().getOrCreateContext();
        this.path = path;
        this.limits = limits;
        this.end = end;
        this.accept = header("Accept");
        http.put(KEY, this);
    }

    static ApiRequest of(RoutingContext http) {
        return Objects.requireNonNull(find(http), "a request that did not come through the entrance");
    }

    static @Nullable ApiRequest find(RoutingContext http) {
        return http.get(KEY);
    }

    RequestPath path() {
        return path;
    }

    /** From here on the request has ended when the answer was run: nobody else hears of a WebSocket's end. */
    Runnable keep() {
        kept = true;
        return this::finish;
    }

    /** The answer was given, or the caller is gone. */
    void answered() {
        if (!kept) {
            finish();
        }
    }

    private void finish() {
        if (running.getAndSet(false)) {
            end.run();
        }
    }

    /** What the door that this request came through can do. */
    DoorLimits limits() {
        return limits;
    }

    Query query() {
        Query known = query;
        if (known == null) {
            known = new Query(http.request().query());
            query = known;
        }
        return known;
    }

    /** Who calls; only after authentication. */
    Caller caller() {
        return Objects.requireNonNull(caller, "a route without authentication asks who calls");
    }

    void authenticated(Caller by) {
        caller = by;
    }

    /** Refuses callers that are no admins. */
    ApiRequest requireAdmin() {
        if (!caller().isAdmin()) {
            throw new SandboxException(ErrorCode.FORBIDDEN, "this needs a key with the role admin");
        }
        return this;
    }

    /** The sandbox that the path names, not checked yet. */
    SandboxRef sandbox() {
        return new SandboxRef(
                Objects.requireNonNull(path.id(), "a route without a sandbox"), header("Sandbridge-State"));
    }

    /** The file that follows {@code file/}. */
    WorkspacePath file() {
        String raw = Objects.requireNonNull(path.rawFile(), "a route without a file");
        return WorkspacePath.of(raw.isEmpty() ? "" : "/" + Percent.decode(raw));
    }

    /** Whether it asks to become a terminal's WebSocket: nothing else is opened by a ticket or a key in the query. */
    boolean opensTerminal() {
        return path.isTerminal() && http.request().method().equals(HttpMethod.GET) && UpgradeEntrance.isUpgrade(http);
    }

    /** Has this run, on a thread of its own, when the caller closes the connection before the answer is complete. */
    synchronized void whenGone(Runnable action) {
        onGone = action;
        if (gone) {
            Thread.ofVirtual().start(action);
        }
    }

    /** The connection is closed. */
    synchronized void callerGone() {
        gone = true;
        if (body != null) {
            body.callerGone();
        }
        Runnable action = onGone;
        if (action != null) {
            Thread.ofVirtual().start(action);
        }
    }

    /** Whether nobody waits for the answer any more. */
    synchronized boolean isCallerGone() {
        return gone;
    }

    /** As the caller sent it; the adapter of a function takes it apart at every comma, dates and all. */
    @Nullable
    String header(String name) {
        if (!limits.isFunction()) {
            return http.request().getHeader(name);
        }
        List<String> parts = http.request().headers().getAll(name);
        return parts.isEmpty() ? null : String.join(",", parts);
    }

    /** Whether Accept names this type and does not name the other, which is what is sent without Accept. */
    boolean prefers(String type, String standard) {
        String wanted = accept == null ? "" : accept.toLowerCase(Locale.ROOT);
        return wanted.contains(type) && !wanted.contains(standard);
    }

    boolean accepts(String type) {
        return prefers(type, "\0");
    }

    /** The length the caller announces, or -1. */
    long contentLength() {
        String length = header("Content-Length");
        try {
            return length == null ? -1 : Long.parseLong(length);
        } catch (NumberFormatException malformed) {
            return -1;
        }
    }

    /**
     * The body as it comes.
     *
     * @throws SandboxException PAYLOAD_TOO_LARGE when the announced length is above the limit already
     */
    InputStream upload(long limit) {
        if (contentLength() > limit) {
            throw tooLong(limit);
        }
        return body(limit);
    }

    private synchronized RequestBody body(long limit) {
        var made = new RequestBody(http.request(), connection, limit);
        body = made;
        if (gone) {
            made.callerGone();
        }
        return made;
    }

    /** The body as a JSON object; an empty body is an empty object. */
    JsonFields json(ObjectMapper mapper, long limit) throws IOException {
        byte[] bytes = bytes(limit);
        try {
            JsonNode node = mapper.reader()
                    .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .readTree(bytes);
            if (node == null || node.isMissingNode()) {
                return JsonFields.NONE;
            }
            if (node.isObject()) {
                return new JsonFields("", node);
            }
        } catch (JacksonException malformed) {
            // Its message quotes the body, which may hold secrets.
            throw notJson();
        }
        throw notJson();
    }

    /** The body as bytes in memory. */
    byte[] bytes(long limit) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (InputStream in = upload(limit)) {
            in.transferTo(bytes);
        } catch (RequestBody.TooLong tooLong) {
            throw tooLong(limit);
        }
        return bytes.toByteArray();
    }

    static SandboxException tooLong(long limit) {
        return new SandboxException(ErrorCode.PAYLOAD_TOO_LARGE, "the body may be at most " + limit + " bytes long")
                .action("send less, or in parts");
    }

    private static SandboxException notJson() {
        return new SandboxException(ErrorCode.INVALID_REQUEST, "the body must be a JSON object");
    }
}
