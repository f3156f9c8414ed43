package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The bearer token of all calls; client credentials are exchanged, and renewed by one caller while others wait. */
final class Tokens {
    private static final Duration EARLY = Duration.ofMinutes(10);
    private static final int ATTEMPTS = 3;
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final HttpClient client;
    private final URI endpoint;
    private final Credentials credentials;
    private final Clock clock;
    private final Duration pause;
    private final ReentrantLock renewing = new ReentrantLock();
    private volatile @Nullable Token current;

    private record Token(String text, Instant expiry) {}

    Tokens(HttpClient client, URI api, Credentials credentials, Clock clock) {
        this(client, api, credentials, clock, PAUSE);
    }

    Tokens(HttpClient client, URI api, Credentials credentials, Clock clock, Duration pause) {
        this.client = client;
        this.endpoint = URI.create(api + "/oauth/token");
        this.credentials = credentials;
        this.clock = clock;
        this.pause = pause;
    }

    /** What follows {@code Bearer} now. */
    String bearer() {
        return switch (credentials) {
            case Credentials.ApiKey key -> key.key();
            case Credentials.Client own -> exchanged(own).text();
        };
    }

    /** Forgets a token that Blaxel has revoked; whether asking again can give another one. */
    boolean forget(String revoked) {
        renewing.lock();
        try {
            Token token = current;
            if (token != null && token.text().equals(revoked)) {
                current = null;
            }
        } finally {
            renewing.unlock();
        }
        return credentials instanceof Credentials.Client;
    }

    private Token exchanged(Credentials.Client own) {
        Token token = current;
        if (token != null && isFresh(token)) {
            return token;
        }
        renewing.lock();
        try {
            token = current;
            if (token != null && isFresh(token)) {
                return token;
            }
            token = request(own);
            current = token;
            return token;
        } finally {
            renewing.unlock();
        }
    }

    private boolean isFresh(Token token) {
        return clock.instant().plus(EARLY).isBefore(token.expiry());
    }

    private Token request(Credentials.Client own) {
        int status = 0;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (attempt > 0) {
                LockSupport.parkNanos(pause.toNanos());
            }
            var request = HttpRequest.newBuilder(endpoint)
                    .timeout(Duration.ofSeconds(20))
                    .header("Authorization", "Basic " + own.basic())
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString("{\"grant_type\":\"client_credentials\"}"))
                    .build();
            try {
                var answer = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
                JsonNode json = Json.read(answer.body());
                String text = json.path("access_token").asText("");
                if (answer.statusCode() == 200 && !text.isEmpty()) {
                    long seconds = json.path("expires_in").asLong(0);
                    return new Token(text, clock.instant().plusSeconds(seconds));
                }
                status = answer.statusCode();
            } catch (IOException unreachable) {
                status = 0;
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "interrupted while asking Blaxel for a token");
            }
        }
        throw new SandboxException(
                        ErrorCode.PROVIDER_FAILURE,
                        "Blaxel gave no access token" + (status == 0 ? "" : ", status " + status))
                .action("check sandbridge.blaxel.client-credentials and that the service can reach Blaxel")
                .retry(status >= 400 && status < 500 ? Retry.NO : Retry.YES);
    }
}
