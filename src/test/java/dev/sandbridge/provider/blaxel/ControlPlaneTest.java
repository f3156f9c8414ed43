package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.TestSpecs;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class ControlPlaneTest extends VendorSuite {
    private static final String CREATE = "/v0/sandboxes";

    private final SandboxSpec spec = TestSpecs.spec();
    private final String one = CREATE + "/" + spec.name();

    @Test
    @DisplayName("statement 19: create sends what is wanted, leaves out what is absent, and always sets an end")
    void createSendsWhatIsWanted() {
        provider.create(spec);

        JsonNode sent = vendor.record(spec.name().text());
        JsonNode settings = sent.path("spec");
        assertThat(settings.path("runtime").path("image").asText()).isEqualTo("blaxel/base-image:latest");
        assertThat(settings.path("runtime").path("memory").asLong()).isEqualTo(512);
        assertThat(settings.path("region").asText()).isEqualTo("us-pdx-1");
        JsonNode policy = settings.path("lifecycle").path("expirationPolicies").path(0);
        assertThat(policy.path("type").asText()).isEqualTo("date");
        assertThat(Instant.parse(policy.path("value").asText())).isAfter(spec.expiresAt());
        assertThat(sent.toString()).doesNotContain("\"\"", spec.state());
    }

    @Test
    @DisplayName("statement 25: a create that is answered by 504 goes on and is found")
    void aLateCreateIsFound() throws Exception {
        vendor.fault(request("POST", CREATE), 1, exchange -> {
            vendor.createLater(exchange, 300);
            exchange.html(504);
        });

        var sandbox = provider.create(spec);

        assertThat(output(sandbox, "echo late")).isEqualTo("late\n");
        assertThat(sent("POST", CREATE)).isEqualTo(1);
    }

    @Test
    void aCreateWhoseAnswerIsCutOffIsFoundAndNotSentAgain() throws Exception {
        vendor.fault(request("POST", CREATE), 1, exchange -> {
            vendor.createLater(exchange, 0);
            exchange.reset();
        });

        assertThat(output(provider.create(spec), "echo mine")).isEqualTo("mine\n");
        assertThat(sent("POST", CREATE)).isEqualTo(1);
    }

    @Test
    void aCreateThatComesTooLateIsRemoved() throws Exception {
        vendor.fault(request("POST", CREATE), 1, exchange -> {
            vendor.createLater(exchange, 5500);
            exchange.html(504);
        });

        assertThat(failure(() -> provider.create(spec)).code()).isEqualTo(ErrorCode.POOL_ERROR);

        eventually("it is made after all", () -> vendor.exists(spec.name().text()));
        eventually("and removed", () -> !vendor.exists(spec.name().text()));
    }

    @Test
    void somebodyElsesSandboxIsNeitherAdoptedNorRemoved() {
        vendor.makeForeign(spec.name().text());

        assertThat(failure(() -> provider.create(spec)).code()).isEqualTo(ErrorCode.CONFLICT);
        assertThat(failure(() -> provider.find(spec.name())).code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);
        assertThat(failure(() -> provider.delete(spec.name())).code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);
        assertThat(provider.list()).isEmpty();
        assertThat(vendor.exists(spec.name().text())).isTrue();
        assertThat(sent("DELETE", one)).isZero();
    }

    @Test
    @DisplayName("statement 24: a name whose sandbox is being removed is taken once it is free")
    void createAwaitsTheEndOfWhatIsGoing() throws Exception {
        provider.create(spec);
        vendor.removingTakes(400);
        vendor.beginRemoval(spec.name().text());

        assertThat(output(provider.create(spec), "echo again")).isEqualTo("again\n");
    }

    @Test
    @DisplayName("statement 26: a creation timeout is told and may be repeated")
    void aCreationTimeoutMayBeRepeated() {
        vendor.fault(
                request("POST", CREATE),
                1,
                exchange -> exchange.json(408, StandIn.createError("CREATION_TIMEOUT", 408, "")));

        var failure = failure(() -> provider.create(spec));

        assertThat(failure.code()).isEqualTo(ErrorCode.POOL_ERROR);
        assertThat(failure.retry()).isEqualTo(Retry.YES);
    }

    @Test
    void noRoomIsCapacityExceeded() {
        vendor.fault(
                request("POST", CREATE),
                1,
                exchange -> exchange.json(400, StandIn.createError("QUOTA_EXCEEDED", 400, "")));

        assertThat(failure(() -> provider.create(spec)).code()).isEqualTo(ErrorCode.CAPACITY_EXCEEDED);
    }

    @Test
    void aSandboxThatFailsToComeUpIsRemoved() throws Exception {
        vendor.nextStatus("FAILED");

        assertThat(failure(() -> provider.create(spec)).code()).isEqualTo(ErrorCode.POOL_ERROR);
        eventually("it is removed", () -> !vendor.exists(spec.name().text()));
    }

    @Test
    @DisplayName("statement 29: a status that nobody knows yet does not break anything")
    void unknownStatusesAreWaitedFor() {
        vendor.nextStatus("WARMING_UP");

        assertThat(failure(() -> provider.create(spec)).text()).contains("WARMING_UP");
    }

    @Test
    @DisplayName(
            "statements 13 and 40: what cannot be reached yet, or is not found just after it was made, is asked again")
    void theFirstCallsMayMeetAnEdgeThatDoesNotKnowYet() throws Exception {
        vendor.fault(
                request("POST", "/process"),
                2,
                exchange -> exchange.bytes(404, "text/plain", SmallServer.utf8("Not Found")));
        vendor.fault(
                request("POST", "/process"),
                2,
                exchange -> exchange.json(404, StandIn.gatewayError("WORKLOAD_UNAVAILABLE", 404, true)));

        assertThat(output(provider.create(spec), "echo up")).isEqualTo("up\n");
    }

    @Test
    @DisplayName("statement 14: a rate limit is waited for as long as it says, a few times")
    void rateLimitsAreWaitedFor() {
        provider.create(spec);
        vendor.fault(
                request("GET", one),
                1,
                exchange -> exchange.bytes(429, "application/json", SmallServer.utf8("{}"), "Retry-After: 1"));
        long before = System.nanoTime();

        assertThat(provider.find(spec.name())).isPresent();
        assertThat(System.nanoTime() - before).isGreaterThan(900_000_000L);

        vendor.fault(request("GET", one), 100, exchange -> exchange.bytes(429, "text/plain", new byte[0]));
        assertThat(failure(() -> provider.find(spec.name())).code()).isEqualTo(ErrorCode.CAPACITY_EXCEEDED);
    }

    @Test
    @DisplayName("statement 15: 402 and 403 are asked once")
    void refusalsThatAreFinalAreNotRepeated() {
        vendor.fault(request("GET", one), 100, exchange -> exchange.error(403, "forbidden"));

        failure(() -> provider.find(spec.name()));

        assertThat(sent("GET", one)).isEqualTo(1);
    }

    @Test
    @DisplayName("statement 121: pages of gateways are asked past, for what may be repeated")
    void gatewayPagesArePassed() {
        provider.create(spec);
        vendor.fault(request("GET", one), 2, exchange -> exchange.html(502));

        assertThat(provider.find(spec.name())).isPresent();
    }

    @Test
    @DisplayName("statement 16: lists come in an envelope, bare, or as null")
    void listsComeInThreeShapes() {
        provider.create(spec);
        assertThat(provider.list()).containsExactly(spec);

        vendor.bareLists(true);
        assertThat(provider.list()).containsExactly(spec);

        vendor.fault(
                request("GET", CREATE),
                1,
                exchange -> exchange.bytes(200, "application/json", SmallServer.utf8("null")));
        assertThat(provider.list()).isEmpty();
    }

    @Test
    @DisplayName("statement 17: all pages are read, and a dead cursor begins anew")
    void allPagesAreRead() {
        for (int i = 0; i < 7; i++) {
            provider.create(TestSpecs.spec());
        }
        assertThat(provider.list()).hasSize(7);

        vendor.fault(
                exchange -> exchange.query().containsKey("cursor"),
                1,
                exchange -> exchange.json(400, Json.object().put("code", 400).put("error", "cursor expired")));
        assertThat(provider.list()).hasSize(7);
    }

    @Test
    void aPageThatIsNoListIsAnErrorAndNeverNone() {
        vendor.fault(
                request("GET", CREATE),
                1,
                exchange -> exchange.bytes(200, "text/html", SmallServer.utf8("<html>welcome</html>")));

        assertThat(failure(() -> provider.list()).code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);
    }

    @Test
    void aRecordThatCannotBeReadIsLeftOutOfListsAndToldOf() {
        SandboxSpec spoiled = TestSpecs.spec();
        provider.create(spec);
        provider.create(spoiled);
        vendor.record(spoiled.name().text()).withObject("/metadata/labels").put("sandbridge-record-0", "oops");
        var told = new CopyOnWriteArrayList<LogRecord>();
        Logger logger = Logger.getLogger(BlaxelProvider.class.getName());
        var handler = new Handler() {
            @Override
            public void publish(LogRecord logged) {
                told.add(logged);
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        logger.addHandler(handler);
        try {
            assertThat(provider.list()).containsExactly(spec);
        } finally {
            logger.removeHandler(handler);
        }

        assertThat(told).singleElement().satisfies(logged -> {
            assertThat(logged.getLevel()).isEqualTo(Level.WARNING);
            assertThat(logged.getParameters()).contains(spoiled.name().text());
        });
        assertThat(failure(() -> provider.find(spoiled.name())).code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);
    }

    @Test
    @DisplayName("statement 31: an update sends back what it does not know, and moves the end")
    void updatesKeepWhatTheyDoNotKnow() {
        var handle = provider.create(spec);
        Instant later = spec.expiresAt().plusSeconds(7200);

        handle.update(Map.of("a", "b"), "new", later);

        JsonNode record = vendor.record(spec.name().text());
        assertThat(record.path("futureField").asText()).isEqualTo("kept");
        assertThat(Instant.parse(record.path("spec")
                        .path("lifecycle")
                        .path("expirationPolicies")
                        .path(0)
                        .path("value")
                        .asText()))
                .isAfter(later);
    }

    @Test
    @DisplayName("statement 33: deleting what is missing is no failure")
    void deletingWhatIsMissingIsFine() {
        assertThat(provider.delete(spec.name())).isFalse();
    }

    @Test
    @DisplayName("statement 34: a missing address is an error and never a guess")
    void aMissingAddressIsAnError() {
        provider.create(spec);
        provider.close();
        provider = BlaxelTestBed.open(vendor);
        vendor.record(spec.name().text()).withObject("/metadata").remove("url");

        assertThat(failure(() -> provider.find(spec.name())).text()).contains("address");
    }

    @Test
    void aFailureOfTheControlPlaneIsNeverTakenForNone() {
        provider.create(spec);
        for (int status : new int[] {401, 404, 500, 503}) {
            vendor.fault(request("GET", one), 100, exchange -> exchange.html(status));
            assertThat(failure(() -> provider.find(spec.name())).code())
                    .as("status " + status)
                    .isEqualTo(ErrorCode.PROVIDER_FAILURE);
            vendor.clearFaults();
        }
    }
}
