package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxPorts;
import dev.sandbridge.provider.SandboxPorts.Published;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.TestSpecs;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PortsTest extends VendorSuite {
    private static final Duration HOUR = Duration.ofHours(1);

    private final SandboxSpec spec = TestSpecs.spec();
    private final String previews = "/v0/sandboxes/" + spec.name() + "/previews";
    private HttpServer program;
    private int port;
    private SandboxHandle sandbox;
    private SandboxPorts ports;

    @BeforeEach
    void make() throws IOException {
        program = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        program.createContext("/", exchange -> {
            byte[] answer = SmallServer.utf8("hello from inside");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        program.start();
        port = program.getAddress().getPort();
        sandbox = provider.create(spec);
        ports = sandbox.ports().orElseThrow();
    }

    @AfterEach
    void stop() {
        program.stop(0);
    }

    @Test
    @DisplayName("statement 37: previews are made, found, listed, changed and removed under their exact paths")
    void anOpenPortIsReachedByItsUrl() throws Exception {
        Published published = ports.publish(port, true, HOUR);

        assertThat(published.open()).isTrue();
        assertThat(published.headers()).isEmpty();
        assertThat(published.browserUrl()).isNull();
        assertThat(published.expiresAt())
                .isBetween(Instant.now().plusSeconds(3500), Instant.now().plusSeconds(3700));
        assertThat(get(published.url(), Map.of())).isEqualTo("200 hello from inside");
        assertThat(ports.list()).containsExactly(published);

        Published longer = ports.publish(port, true, HOUR.multipliedBy(2));
        assertThat(longer.url()).isEqualTo(published.url());
        assertThat(longer.expiresAt()).isAfter(published.expiresAt());
        assertThat(ports.unpublish(port)).isTrue();
        assertThat(ports.unpublish(port)).isFalse();
        assertThat(ports.list()).isEmpty();
        String one = previews + "/port-" + port;
        assertThat(sent("POST", previews)).isEqualTo(2);
        assertThat(sent("PUT", one)).isEqualTo(1);
        assertThat(sent("DELETE", one)).isEqualTo(2);
    }

    @Test
    @DisplayName("statements 41 and 42: a private port takes a right that ends, in UTC, in a header or in a query")
    void aPrivatePortTakesARight() throws Exception {
        Published published = ports.publish(port, false, HOUR);

        assertThat(get(published.url(), Map.of())).startsWith("401");
        assertThat(get(published.url(), Map.of(BlaxelPorts.TOKEN_HEADER, "guessed")))
                .startsWith("401");
        assertThat(get(published.url(), published.headers())).isEqualTo("200 hello from inside");
        assertThat(get(Objects.requireNonNull(published.browserUrl()), Map.of()))
                .isEqualTo("200 hello from inside");
        assertThat(published.expiresAt())
                .isBetween(Instant.now().plusSeconds(3500), Instant.now().plusSeconds(3700));
        assertThat(published.toString()).doesNotContain(published.headers().get(BlaxelPorts.TOKEN_HEADER));
        assertThat(ports.list()).singleElement().satisfies(listed -> {
            assertThat(listed.headers()).isEmpty();
            assertThat(listed.browserUrl()).isNull();
        });

        Published again = ports.publish(port, false, HOUR);
        assertThat(again.headers()).isNotEqualTo(published.headers());
        assertThat(vendor.previews().tokens()).isEqualTo(2);
        assertThat(get(published.url(), published.headers())).startsWith("200");
    }

    @Test
    void aRightEnds() throws Exception {
        Published published = ports.publish(port, false, Duration.ofSeconds(1));

        eventually("the right has ended", () -> get(published.url(), published.headers())
                .startsWith("401"));
    }

    @Test
    @DisplayName("statement 38: what is there already is compared, and never taken for what was wanted")
    void anotherOpennessIsAConflict() {
        ports.publish(port, false, HOUR);

        var conflict = failure(() -> ports.publish(port, true, HOUR));

        assertThat(conflict.code()).isEqualTo(ErrorCode.CONFLICT);
        assertThat(conflict.action()).contains("withdraw");
        assertThat(vendor.previews()
                        .json(spec.name().text(), "port-" + port)
                        .path("spec")
                        .path("public")
                        .asBoolean())
                .isFalse();

        vendor.previews()
                .json(spec.name().text(), "port-" + port)
                .withObject("/spec")
                .put("port", 9);
        assertThat(failure(() -> ports.publish(port, false, HOUR)).code()).isEqualTo(ErrorCode.CONFLICT);
    }

    @Test
    @DisplayName("statement 39: a port is withdrawn when its preview is gone, and not before")
    void withdrawingIsAwaited() {
        ports.publish(port, true, HOUR);
        vendor.previews().removingTakes(300);

        assertThat(ports.unpublish(port)).isTrue();

        assertThat(vendor.previews().names()).isEmpty();
        assertThat(sent("GET", previews + "/port-" + port)).isGreaterThan(1);
    }

    @Test
    @DisplayName("statement 40: a URL is handed out once the edge knows it")
    void theEdgeIsAwaited() throws Exception {
        vendor.previews().lag(3);

        assertThat(get(ports.publish(port, true, HOUR).url(), Map.of())).startsWith("200");
    }

    @Test
    void portsThatTheVendorKeepsForItselfAreRefused() {
        for (int reserved : new int[] {0, 80, 443, 8080, 65_536}) {
            assertThat(failure(() -> ports.publish(reserved, true, HOUR)).code())
                    .as("port " + reserved)
                    .isEqualTo(ErrorCode.INVALID_REQUEST);
        }
        assertThat(sent("POST", previews)).isZero();
    }

    @Test
    void aPortWhereNothingListensIsPublishedAllTheSame() throws Exception {
        program.stop(0);

        assertThat(get(ports.publish(port, true, HOUR).url(), Map.of())).startsWith("502");
    }

    @Test
    void nothingIsPublishedForASandboxThatIsGone() throws Exception {
        vendor.beginRemoval(spec.name().text());
        eventually("it is gone", () -> !vendor.exists(spec.name().text()));

        assertThat(failure(() -> ports.publish(port, true, HOUR)).code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(vendor.previews().names()).isEmpty();
    }

    @Test
    void aSandboxThatGoesMeanwhileTakesItsPortWithIt() throws Exception {
        vendor.fault(request("POST", previews), 1, exchange -> {
            vendor.beginRemoval(spec.name().text());
            StandIn.pause(300);
        });

        assertThat(failure(() -> ports.publish(port, true, HOUR)).code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        eventually("the preview is gone", () -> vendor.previews().names().isEmpty());
    }

    @Test
    void noPortOutlivesItsSandbox() throws Exception {
        ports.publish(port, true, HOUR);
        vendor.previews().make(spec.name().text(), "of-somebody-else", 3000, true);

        provider.delete(spec.name());

        eventually(
                "ours is gone",
                () -> vendor.previews().names().equals(java.util.Set.of(spec.name() + "/of-somebody-else")));
    }

    @Test
    void aPortOfAnEarlierSandboxOfThatNameShowsNothingOfTheNextOne() throws Exception {
        ports.publish(port, true, HOUR);
        vendor.beginRemoval(spec.name().text());
        eventually("it is gone", () -> !vendor.exists(spec.name().text()));
        assertThat(vendor.previews().names()).hasSize(1);

        provider.create(spec);

        eventually("the old preview is gone", () -> vendor.previews().names().isEmpty());
    }

    @Test
    void aRightThatIsNotGivenLeavesNothingPublished() throws Exception {
        vendor.fault(request("POST", previews + "/.*/tokens"), 9, exchange -> exchange.html(503));

        assertThat(failure(() -> ports.publish(port, false, HOUR)).code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);
        eventually("the preview is gone", () -> vendor.previews().names().isEmpty());

        vendor.clearFaults();
        vendor.fault(
                request("POST", previews + "/.*/tokens"),
                1,
                exchange -> exchange.bytes(
                        200,
                        "application/json",
                        SmallServer.utf8("{\"metadata\":{\"name\":\"t\"},\"spec\":{\"token\":\"\"}}")));
        assertThat(failure(() -> ports.publish(port, false, HOUR)).code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);
    }

    @Test
    void aPreviewWhoseAnswerIsLostIsFoundAndNotMadeTwice() throws Exception {
        vendor.fault(request("POST", previews), 1, exchange -> {
            vendor.previews().make(spec.name().text(), "port-" + port, port, true);
            exchange.reset();
        });

        assertThat(get(ports.publish(port, true, HOUR).url(), Map.of())).startsWith("200");
        assertThat(sent("POST", previews)).isEqualTo(1);
    }

    @Test
    void aPageInsteadOfTheAnswerSaysNothingOfThePreview() throws Exception {
        vendor.fault(request("POST", previews), 1, exchange -> {
            vendor.previews().answer(exchange.unheard());
            exchange.html(504);
        });

        assertThat(get(ports.publish(port, true, HOUR).url(), Map.of())).startsWith("200");
        assertThat(sent("POST", previews)).isEqualTo(1);
    }

    @Test
    void aPreviewThatAppearsALittleLaterIsAwaited() throws Exception {
        Wish wish = loseAnswer();
        vendor.fault(request("GET", previews + "/.*"), 3, exchange -> {
            if (sent("GET", previews + "/.*") == 3) {
                wish.come();
            }
        });

        assertThat(get(ports.publish(port, true, HOUR).url(), Map.of())).startsWith("200");
        assertThat(sent("POST", previews)).isEqualTo(1);
    }

    @Test
    void aPreviewThatComesTooLateIsWithdrawn() throws Exception {
        Wish wish = loseAnswer();

        assertThat(failure(() -> ports.publish(port, true, HOUR)).code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);

        wish.come();
        eventually("it is withdrawn", () -> vendor.previews().names().isEmpty());
    }

    @Test
    void aPreviewThatWasMadeInSpiteOfAnErrorIsWithdrawn() throws Exception {
        vendor.fault(request("POST", previews), 1, exchange -> {
            vendor.previews().answer(exchange.unheard());
            Mishap.CONTROL_PLANE_ERROR.run(exchange);
        });

        assertThat(failure(() -> ports.publish(port, true, HOUR)).text()).contains("500");
        eventually("it is withdrawn", () -> vendor.previews().names().isEmpty());
    }

    @Test
    void whatAnInterruptedCallHasPublishedIsWithdrawn() throws Exception {
        var asked = new CountDownLatch(1);
        vendor.fault(request("POST", previews), 1, exchange -> {
            vendor.previews().answer(exchange.unheard());
            asked.countDown();
            StandIn.pause(40_000);
        });
        var told = new CompletableFuture<SandboxException>();
        Thread publisher =
                Thread.ofVirtual().start(() -> told.complete(failure(() -> ports.publish(port, true, HOUR))));
        asked.await();
        assertThat(vendor.previews().names()).hasSize(1);

        publisher.interrupt();

        assertThat(told.get().code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);
        eventually("it is withdrawn", () -> vendor.previews().names().isEmpty());
    }

    @Test
    void whatIsPublishedAfterALostAttemptStays() throws Exception {
        Wish wish = loseAnswer();
        failure(() -> ports.publish(port, true, HOUR));
        Published published;
        try (var other = BlaxelTestBed.open(vendor)) {
            SandboxPorts theirs = other.find(spec.name()).orElseThrow().ports().orElseThrow();
            published = theirs.publish(port, true, HOUR.multipliedBy(2));
        }

        long looks = sent("GET", previews + "/.*");
        eventually(
                "it was looked at",
                () -> sent("GET", previews + "/.*") > looks + 2
                        || vendor.previews().names().isEmpty());
        assertThat(ports.list()).containsExactly(published);

        ports.unpublish(port);
        wish.come();
        eventually("the late one is withdrawn", () -> vendor.previews().names().isEmpty());
    }

    @Test
    void aLatePreviewThatTheNextCallHandsOutStays() throws Exception {
        Wish wish = loseAnswer();
        failure(() -> ports.publish(port, true, HOUR));
        // It comes while the next call is under way, which asks for less.
        vendor.fault(request("POST", previews), 1, exchange -> wish.come());

        Published published = ports.publish(port, true, Duration.ofMinutes(1));

        assertThat(sent("POST", previews)).isEqualTo(2);
        // A watch that began later, and looks as often, tells when the first one would have seen it.
        loseAnswer();
        failure(() -> ports.publish(9, true, HOUR));
        long looks = sent("GET", previews + "/port-9");
        eventually("it was looked at", () -> sent("GET", previews + "/port-9") > looks + 4);
        assertThat(ports.list()).containsExactly(published);
    }

    /** What was asked for in a request whose answer was a page, to be done later. */
    private final class Wish {
        private volatile JsonNode json = Json.object();

        void come() {
            vendor.previews().make(spec.name().text(), json);
        }
    }

    private Wish loseAnswer() {
        var wish = new Wish();
        vendor.fault(request("POST", previews), 1, exchange -> {
            wish.json = exchange.json();
            exchange.html(504);
        });
        return wish;
    }

    private static String get(URI url, Map<String, String> headers) throws Exception {
        var request = HttpRequest.newBuilder(url);
        headers.forEach(request::header);
        var answer = HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString());
        return answer.statusCode() + " " + answer.body();
    }
}
