package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.SandboxException;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TokensTest {
    private final AtomicInteger asked = new AtomicInteger();
    private final List<String> bodies = new CopyOnWriteArrayList<>();
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger revoked = new AtomicInteger();
    private volatile int failures;
    private volatile Instant now = Instant.parse("2026-09-01T10:00:00Z");
    private final SmallServer server = new SmallServer(this::token);
    private final HttpClient client = HttpClient.newHttpClient();
    private final Tokens tokens = new Tokens(
            client,
            URI.create(server.address() + "/v0"),
            new Credentials.Client("aWQ6c2VjcmV0"),
            new MovedClock(),
            Duration.ofMillis(5));

    /** A clock that tests move. */
    private final class MovedClock extends Clock {
        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    private void token(Exchange exchange) throws java.io.IOException {
        if (exchange.path().equals("/v0/work")) {
            calls.incrementAndGet();
            boolean good = revoked.getAndUpdate(left -> Math.max(0, left - 1)) == 0;
            exchange.json(good ? 200 : 401, good ? Json.object() : StandIn.gatewayError("TOKEN_REVOKED", 401, true));
            return;
        }
        bodies.add(exchange.path() + " " + exchange.header("Authorization") + " " + exchange.json());
        int number = asked.incrementAndGet();
        if (number <= failures) {
            exchange.html(503);
            return;
        }
        exchange.json(200, Json.object().put("access_token", "token-" + number).put("expires_in", 7200));
    }

    @AfterEach
    void close() {
        server.close();
        client.shutdownNow();
    }

    @Test
    @DisplayName("statement 7: a revoked token is replaced once and its call repeated once, in no loop")
    void aRevokedTokenIsReplacedOnce() throws Exception {
        var options = BlaxelTestBed.options(server.address() + "/v0");
        var http = new Http(client, tokens, options, new Random(1), Duration.ofMillis(5), Duration.ofSeconds(5));
        var call = Call.post("working", URI.create(server.address() + "/v0/work"), Json.object());

        revoked.set(1);
        http.json(call);
        assertThat(calls).hasValue(2);
        assertThat(asked).hasValue(2);

        revoked.set(99);
        assertThat(catchThrowableOfType(Refused.class, () -> http.json(call)).refusal())
                .extracting(Refusal::status)
                .isEqualTo(401);
        assertThat(calls).hasValue(4);
        assertThat(asked).hasValue(3);
    }

    @Test
    @DisplayName("statement 4: client credentials are exchanged as JSON with Basic authorization")
    void clientCredentialsAreExchanged() {
        assertThat(tokens.bearer()).isEqualTo("token-1");
        assertThat(bodies)
                .containsExactly("/v0/oauth/token Basic aWQ6c2VjcmV0 {\"grant_type\":\"client_credentials\"}");
    }

    @Test
    @DisplayName("statement 5: a token is renewed under ten minutes before its end, by one caller while others wait")
    void aTokenIsRenewedByOneCaller() throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            var callers = new HashSet<String>();
            for (var caller : executor.invokeAll(Collections.<Callable<String>>nCopies(20, tokens::bearer))) {
                callers.add(caller.get());
            }
            assertThat(callers).containsExactly("token-1");
        }
        now = now.plusSeconds(7200 - 601);
        assertThat(tokens.bearer()).isEqualTo("token-1");
        now = now.plusSeconds(2);
        assertThat(tokens.bearer()).isEqualTo("token-2");
        assertThat(asked).hasValue(2);
    }

    @Test
    @DisplayName("statement 6: the endpoint is asked three times, then the failure is told")
    void theEndpointIsAskedThreeTimes() {
        failures = 2;
        assertThat(tokens.bearer()).isEqualTo("token-3");

        failures = 100;
        now = now.plusSeconds(7200);
        var failure = catchThrowableOfType(SandboxException.class, tokens::bearer);

        assertThat(failure.text()).contains("503");
        assertThat(failure.action()).contains("client-credentials");
        assertThat(failure.toString()).doesNotContain("aWQ6c2VjcmV0");
        assertThat(asked).hasValue(6);
    }

    @Test
    @DisplayName("statement 7: a revoked token is exchanged once")
    void aRevokedTokenIsForgotten() {
        String first = tokens.bearer();

        assertThat(tokens.forget(first)).isTrue();
        assertThat(tokens.bearer()).isEqualTo("token-2");
        tokens.forget(first);
        assertThat(tokens.bearer()).as("another one's token stays").isEqualTo("token-2");
        var key = new Tokens(client, URI.create("http://127.0.0.1:1"), new Credentials.ApiKey("k"), Clock.systemUTC());
        assertThat(key.forget("k")).isFalse();
    }
}
