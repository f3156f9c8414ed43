package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.TestSpecs;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two services with the same credentials, one of which hears late or nothing of what it has asked for. */
class RivalTest extends VendorSuite {
    private static final String PRECIOUS = "echo precious > /workspace/data";

    private final SandboxSpec spec = TestSpecs.spec();
    private final String name = spec.name().text();
    private final String one = "/v0/sandboxes/" + name;
    private final Instant soon = Instant.now().plusSeconds(1000).truncatedTo(ChronoUnit.SECONDS);
    private final Instant late = Instant.now().plusSeconds(9000).truncatedTo(ChronoUnit.SECONDS);
    private BlaxelProvider other;

    @BeforeEach
    void openOther() {
        other = BlaxelTestBed.open(vendor);
    }

    @AfterEach
    void closeOther() {
        other.close();
    }

    @Test
    void aFailedCreateLeavesWhatTookItsNameMeanwhile() throws Exception {
        vendor.fault(request("POST", "/process"), 1, exchange -> {
            other.delete(spec.name());
            prepared(other.create(spec));
            exchange.html(502);
        });

        assertThat(failure(() -> provider.create(spec)).code()).isEqualTo(ErrorCode.POOL_ERROR);

        assertThat(vendor.exists(name)).isTrue();
        assertThat(output(provider.find(spec.name()).orElseThrow(), "cat /workspace/data"))
                .isEqualTo("precious\n");
        assertThat(sent("DELETE", one)).as("what the other one asked for").isEqualTo(1);
    }

    @Test
    void aFailedCreateIsRemovedAlsoWhereTheFirstAttemptToIsLost() throws Exception {
        failLater();
        vendor.fault(request("DELETE", one), 1, Mishap.RESET);

        assertThat(failure(() -> provider.create(spec)).code()).isEqualTo(ErrorCode.PROVIDER_FAILURE);

        eventually("it is removed", () -> !vendor.exists(name));
        assertThat(sent("DELETE", one)).isEqualTo(2);
    }

    @Test
    void aRemovalWhoseAnswerIsLostIsNotRepeatedUnseen() throws Exception {
        failLater();
        vendor.fault(request("DELETE", one), 1, exchange -> {
            vendor.beginRemoval(name);
            while (vendor.exists(name)) {
                Thread.onSpinWait();
            }
            prepared(other.create(spec));
            exchange.html(502);
        });

        failure(() -> provider.create(spec));

        long looks = sent("GET", one);
        eventually("it was looked at again", () -> sent("GET", one) > looks + 2 || !vendor.exists(name));
        assertThat(vendor.exists(name)).isTrue();
        assertThat(sent("DELETE", one)).isEqualTo(1);
    }

    @Test
    void aChangeWhoseAnswerIsLostDoesNotUndoTheNextOne() {
        SandboxHandle sandbox = provider.create(spec);
        SandboxHandle theirs = other.find(spec.name()).orElseThrow();
        vendor.fault(request("PUT", one), 1, exchange -> {
            vendor.record(name).setAll((ObjectNode) exchange.json());
            theirs.update(Map.of("by", "other"), "theirs", late);
            exchange.html(502);
        });

        var failure = failure(() -> sandbox.update(Map.of("by", "us"), "ours", soon));

        assertThat(failure.code()).isEqualTo(ErrorCode.CONFLICT);
        assertThat(failure.retry()).isEqualTo(Retry.YES);
        assertThat(now()).isEqualTo(spec.with(Map.of("by", "other"), "theirs", late));
    }

    @Test
    void aChangeThatWasMadeIsNotSentAgain() {
        SandboxHandle sandbox = provider.create(spec);
        vendor.fault(request("PUT", one), 1, exchange -> {
            vendor.record(name).setAll((ObjectNode) exchange.json());
            exchange.reset();
        });

        sandbox.update(Map.of("by", "us"), "ours", soon);

        assertThat(now()).isEqualTo(spec.with(Map.of("by", "us"), "ours", soon));
        assertThat(sandbox.spec()).isEqualTo(now());
        assertThat(sent("PUT", one)).isEqualTo(1);
    }

    @Test
    void aChangeThatDidNotArriveIsMade() {
        SandboxHandle sandbox = provider.create(spec);
        vendor.fault(request("PUT", one), 1, Mishap.PAGE);
        vendor.fault(request("PUT", one), 1, Mishap.RESET);

        sandbox.update(Map.of("by", "us"), "ours", soon);

        assertThat(now()).isEqualTo(spec.with(Map.of("by", "us"), "ours", soon));
        assertThat(sent("PUT", one)).isEqualTo(3);
    }

    @Test
    void aChangeThatNeverArrivesIsAFailure() {
        SandboxHandle sandbox = provider.create(spec);
        vendor.fault(request("PUT", one), 99, Mishap.PAGE);

        assertThat(failure(() -> sandbox.update(Map.of("by", "us"), "ours", soon))
                        .code())
                .isEqualTo(ErrorCode.PROVIDER_FAILURE);
        assertThat(now()).isEqualTo(spec);
    }

    @Test
    void anEndThatDidNotArriveIsMovedInWhatOthersHaveWritten() {
        SandboxHandle sandbox = provider.create(spec);
        SandboxHandle theirs = other.find(spec.name()).orElseThrow();
        vendor.fault(request("PUT", one), 1, exchange -> {
            theirs.update(Map.of("by", "other"), "theirs", spec.expiresAt());
            exchange.html(502);
        });

        sandbox.update(spec.labels(), spec.state(), late);

        assertThat(now()).isEqualTo(spec.with(Map.of("by", "other"), "theirs", late));
        assertThat(sandbox.spec()).isEqualTo(now());
    }

    @Test
    void labelsThatDidNotArriveAreWrittenBesideTheEndThatOthersHaveMoved() {
        SandboxHandle sandbox = provider.create(spec);
        SandboxHandle theirs = other.find(spec.name()).orElseThrow();
        vendor.fault(request("PUT", one), 1, exchange -> {
            theirs.update(spec.labels(), spec.state(), late);
            exchange.html(502);
        });

        sandbox.update(Map.of("by", "us"), "ours", spec.expiresAt());

        assertThat(now()).isEqualTo(spec.with(Map.of("by", "us"), "ours", late));
    }

    @Test
    void anEndThatOthersHaveMovedAfterOursStands() {
        SandboxHandle sandbox = provider.create(spec);
        SandboxHandle theirs = other.find(spec.name()).orElseThrow();
        vendor.fault(request("PUT", one), 1, exchange -> {
            vendor.record(name).setAll((ObjectNode) exchange.json());
            theirs.update(Map.of("by", "us"), "ours", late);
            exchange.reset();
        });

        sandbox.update(Map.of("by", "us"), "ours", soon);

        assertThat(now()).isEqualTo(spec.with(Map.of("by", "us"), "ours", late));
        assertThat(sandbox.spec()).isEqualTo(now());
    }

    /** Lets the next create fail when its sandbox is there and prepared. */
    private void failLater() {
        vendor.fault(
                request("GET", one + "/previews"),
                1,
                exchange -> exchange.json(400, Json.object().put("code", 400).put("error", "not today")));
    }

    private SandboxSpec now() {
        try (var third = BlaxelTestBed.open(vendor)) {
            return third.find(spec.name()).orElseThrow().spec();
        }
    }

    private static void prepared(SandboxHandle sandbox) {
        try {
            output(sandbox, PRECIOUS);
        } catch (Exception failed) {
            throw new AssertionError(failed);
        }
    }
}
