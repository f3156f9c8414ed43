package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Sends calls, with our credentials, and again where that does no harm. Thread-safe; blocks the calling virtual thread;
 * an interrupt ends the call with an {@code InterruptedIOException}.
 *
 * <p>Repeated are: calls that may be repeated, after a connection that broke and after 502, 503, 504; calls that the
 * gateway says have reached nothing; calls that were turned away by a rate limit. Everything is bounded in number and
 * time, and spread by chance.
 */
final class Http {
    private static final int MOST_ANSWER = 64 << 20;
    private static final int MOST_ERROR = 64 << 10;
    private static final int BROKEN_CONNECTIONS = 4;
    private static final int RATE_LIMITED = 4;
    private static final Duration HANDSHAKE = Duration.ofSeconds(30);
    private static final Duration LONGEST_LOOK = Duration.ofSeconds(5);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

    private final HttpClient client;
    private final Tokens tokens;
    private final BlaxelOptions options;
    private final RandomGenerator random;
    private final Duration firstPause;
    private final Duration patience;

    /**
     * @param firstPause before the first repetition; doubled each time
     * @param patience how long a sandbox that cannot be reached yet is asked again
     */
    Http(
            HttpClient client,
            Tokens tokens,
            BlaxelOptions options,
            RandomGenerator random,
            Duration firstPause,
            Duration patience) {
        this.client = client;
        this.tokens = tokens;
        this.options = options;
        this.random = random;
        this.firstPause = firstPause;
        this.patience = patience;
    }

    /**
     * The answer's JSON; a missing node where it has none.
     *
     * @throws IOException also when the answer has begun and then does not end within the call's patience
     */
    JsonNode json(Call call) throws Refused, IOException {
        try (InputStream body = open(call).body()) {
            return Json.read(Impatient.all(body, MOST_ANSWER, call.patience()));
        }
    }

    /** As {@link #json}, for who has no better word for a failure than ours. */
    JsonNode jsonOrFail(Call call) {
        try {
            return json(call);
        } catch (Refused refused) {
            throw refused.failure();
        } catch (IOException broken) {
            throw unreachable(call.operation(), broken);
        }
    }

    /** The successful answer as it comes; the caller closes its body, whose reads wait for the call's patience each. */
    HttpResponse<InputStream> open(Call call) throws Refused, IOException {
        long end = System.nanoTime() + patience.toNanos();
        boolean asked = false;
        int broken = 0;
        int limited = 0;
        for (int attempt = 0; ; attempt++) {
            String bearer = tokens.bearer();
            HttpResponse<InputStream> answer;
            try {
                answer = send(call, bearer);
            } catch (InterruptedIOException interrupted) {
                throw interrupted;
            } catch (IOException lost) {
                if (!call.repeatable() || ++broken >= BROKEN_CONNECTIONS) {
                    throw lost;
                }
                pause(attempt, Duration.ZERO);
                continue;
            }
            if (answer.statusCode() / 100 == 2) {
                return answer;
            }
            Refusal refusal = refusal(answer, call.patience());
            if (refusal.code().equals("TOKEN_REVOKED") && !asked && tokens.forget(bearer)) {
                asked = true;
                continue;
            }
            boolean again = mayRepeat(call, refusal)
                    && (refusal.status() != 429 || ++limited < RATE_LIMITED)
                    && (refusal.saysNotYet() || ++broken < BROKEN_CONNECTIONS)
                    && System.nanoTime() < end;
            if (!again) {
                throw new Refused(call.operation(), refusal);
            }
            pause(attempt, refusal.retryAfter());
        }
    }

    /** The refusal of an address that is asked without our credentials, or null where something answers there. */
    @Nullable
    Refusal lookAt(URI address, Map<String, String> headers) throws IOException {
        var request = HttpRequest.newBuilder(address).timeout(LONGEST_LOOK);
        request.header("User-Agent", "sandbridge").method("HEAD", BodyPublishers.noBody());
        headers.forEach(request::header);
        try {
            HttpResponse<InputStream> answer = client.send(request.build(), BodyHandlers.ofInputStream());
            Refusal refusal = refusal(answer, LONGEST_LOOK);
            return answer.statusCode() == 401 || answer.statusCode() == 404 ? refusal : null;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while Blaxel was asked");
        }
    }

    /** What callers hear when Blaxel did not answer. */
    static SandboxException unreachable(String operation, IOException broken) {
        return new SandboxException(ErrorCode.PROVIDER_FAILURE, operation + " failed: Blaxel did not answer", broken)
                .retry(Retry.UNKNOWN);
    }

    private static boolean mayRepeat(Call call, Refusal refusal) {
        if (refusal.status() == 429 || refusal.saysNotYet()) {
            return true;
        }
        if (refusal.status() < 500) {
            return false;
        }
        if (refusal.retryable()) {
            return call.repeatable() || refusal.untouched();
        }
        boolean gateway = refusal.status() >= 502 && refusal.status() <= 504;
        return call.repeatable() && gateway && refusal.party() != Refusal.Party.CONTROL_PLANE;
    }

    /**
     * Opens a WebSocket, once. The credentials travel in headers: addresses end up in logs.
     *
     * @param listener hears what it brings
     */
    WebSocket connect(String operation, URI uri, WebSocket.Listener listener) throws Refused, IOException {
        String bearer = tokens.bearer();
        var builder = client.newWebSocketBuilder().connectTimeout(HANDSHAKE);
        headers(bearer).forEach(builder::header);
        CompletableFuture<WebSocket> opening = builder.buildAsync(uri, listener);
        try {
            return opening.get();
        } catch (InterruptedException interrupted) {
            opening.thenAccept(WebSocket::abort);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while Blaxel was asked");
        } catch (ExecutionException failed) {
            if (!(failed.getCause() instanceof WebSocketHandshakeException answered)) {
                throw new IOException(operation + " failed", failed.getCause());
            }
            HttpResponse<?> answer = answered.getResponse();
            byte[] body = answer.body() instanceof String text ? text.getBytes(StandardCharsets.UTF_8) : new byte[0];
            Refusal refusal = Refusal.of(answer.statusCode(), answer.headers(), body);
            if (refusal.code().equals("TOKEN_REVOKED")) {
                tokens.forget(bearer);
            }
            throw new Refused(operation, refusal);
        }
    }

    private Map<String, String> headers(String bearer) {
        var headers = new TreeMap<String, String>();
        headers.put(options.authorizationHeader(), "Bearer " + bearer);
        headers.put("Blaxel-Version", options.version());
        headers.put("User-Agent", "sandbridge");
        String workspace = options.workspace();
        if (workspace != null) {
            headers.put(options.workspaceHeader(), workspace);
        }
        return headers;
    }

    private HttpResponse<InputStream> send(Call call, String bearer) throws IOException {
        var request =
                HttpRequest.newBuilder(call.uri()).timeout(call.patience()).method(call.method(), call.body());
        headers(bearer).forEach(request::header);
        call.headers().forEach(request::header);
        try {
            return client.send(
                    request.build(),
                    head -> BodySubscribers.mapping(
                            BodySubscribers.ofInputStream(), body -> new Impatient(body, call.patience())));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while Blaxel was asked");
        }
    }

    private static Refusal refusal(HttpResponse<InputStream> answer, Duration patience) {
        byte[] body = {};
        try (InputStream in = answer.body()) {
            body = Impatient.all(in, MOST_ERROR, patience);
        } catch (IOException cut) {
            // The status and the headers say enough.
        }
        return Refusal.of(answer.statusCode(), answer.headers(), body);
    }

    /** Waits before the next attempt: longer each time, spread by chance. */
    void pause(int attempt, Duration wanted) throws InterruptedIOException {
        long doubled = firstPause.toNanos() << Math.min(attempt, 7);
        long nanos = Math.min(doubled, LONGEST_PAUSE.toNanos());
        long spread = nanos / 2 + random.nextLong(nanos / 2 + 1);
        long least = Math.min(wanted.toNanos(), LONGEST_PAUSE.toNanos());
        sleep(Math.max(spread, least));
    }

    /** Waits so long, or until the thread is interrupted. */
    static void sleep(long nanos) throws InterruptedIOException {
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while waiting for Blaxel");
            }
            LockSupport.parkNanos(left);
        }
    }
}
