package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.TestSpecs;
import dev.sandbridge.workspace.WorkspacePath;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What was asked for once and may have been done is never asked for again, and never left alone. */
class UnknownOutcomeTest extends VendorSuite {
    private static final String PROCESS = "/process/[^/]*";

    private final SandboxSpec spec = TestSpecs.spec();
    private final String one = "/v0/sandboxes/" + spec.name();
    private SandboxHandle sandbox;

    @BeforeEach
    void make() {
        sandbox = provider.create(spec);
    }

    /** How something on the way says that there is no sandbox, which is there. */
    private static void lie(Exchange exchange) throws java.io.IOException {
        exchange.json(404, StandIn.gatewayError("WORKLOAD_NOT_FOUND", 404, true));
    }

    @Test
    @DisplayName("statement 12: what may have been passed on is not sent again, though the gateway says retryable")
    void whatMayHaveBeenDispatchedIsNotSentAgain() {
        long before = sent("POST", "/process");
        vendor.fault(
                request("POST", "/process"),
                1,
                exchange -> exchange.json(502, StandIn.gatewayError("UPSTREAM_CONNECT_FAILED", 502, false)));

        assertThat(failure(() -> sandbox.start(script("echo never"))).code()).isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);
        assertThat(sent("POST", "/process")).isEqualTo(before + 1);
    }

    @Test
    @DisplayName("statement 13: what the gateway says about a sandbox that is not there is not asked again")
    void whatReachesNoSandboxAtAllIsToldAtOnce() {
        long before = sent("POST", "/process");
        vendor.fault(request("POST", "/process"), 1, UnknownOutcomeTest::lie);

        assertThat(failure(() -> sandbox.files().stat(WorkspacePath.of("."), true))
                        .code())
                .isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(sent("POST", "/process")).isEqualTo(before + 1);
    }

    @Test
    void aCommandThatRunsInSpiteOfAnErrorOfTheGatewayIsFollowed() throws Exception {
        vendor.fault(request("POST", "/process"), 1, exchange -> {
            begin(exchange);
            exchange.json(500, StandIn.gatewayError("GATEWAY_INTERNAL_ERROR", 500, false));
        });

        assertThat(output(sandbox, "echo x >> count; echo done")).isEqualTo("done\n");
        assertThat(output(sandbox, "cat count")).isEqualTo("x\n");
    }

    @Test
    void aCommandThatMayHaveRunIsNotTakenForOneThatFoundNoSandbox() throws Exception {
        vendor.resetAfterStarts(1);
        vendor.fault(request("GET", PROCESS), 3, UnknownOutcomeTest::lie);

        assertThat(failure(() -> sandbox.start(script("echo x >> count; sleep 300")))
                        .code())
                .as("after which it would be started again")
                .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);
        eventually("it is ended", () -> !vendor.hasProcesses(spec.name().text()));
    }

    @Test
    void aSandboxIsNotGoneBecauseSomethingSaysSoTwice() throws Exception {
        vendor.resetAfterStarts(1);
        vendor.fault(request("GET", PROCESS), 2, UnknownOutcomeTest::lie);

        assertThat(output(sandbox, "echo x >> count; echo done")).isEqualTo("done\n");
        assertThat(output(sandbox, "cat count")).isEqualTo("x\n");
    }

    @Test
    void aFileOperationThatMayHaveBeenDoneIsNotTakenForOneThatFoundNoSandbox() throws Exception {
        vendor.resetAfterStarts(1);
        vendor.fault(request("GET", PROCESS), 99, UnknownOutcomeTest::lie);

        assertThat(failure(() -> sandbox.files().makeDirectory(WorkspacePath.of("once"), false, null))
                        .code())
                .isEqualTo(ErrorCode.PROVIDER_FAILURE);

        vendor.clearFaults();
        assertThat(output(sandbox, "ls")).isEqualTo("once\n");
    }

    @Test
    void aKillThatIsToldThereIsNoSandboxGoesOn() throws Exception {
        try (var running = sandbox.start(script("sleep 300"))) {
            vendor.fault(request("POST", "/process"), 1, UnknownOutcomeTest::lie);

            running.kill();

            eventually("it is ended", () -> !vendor.hasProcesses(spec.name().text()));
        }
    }

    @Test
    void aRemovalThatDidNotArriveIsAskedForAgain() {
        vendor.fault(request("DELETE", one), 1, Mishap.RESET);
        vendor.fault(request("DELETE", one), 1, Mishap.PAGE);

        assertThat(provider.delete(spec.name())).isTrue();

        assertThat(vendor.exists(spec.name().text())).isFalse();
        assertThat(sent("DELETE", one)).isEqualTo(3);
    }

    @Test
    void aRemovalWhoseAnswerIsLostDoesNotTakeTheNextOneOfThatName() {
        try (var other = BlaxelTestBed.open(vendor)) {
            vendor.fault(request("DELETE", one), 1, exchange -> {
                vendor.beginRemoval(spec.name().text());
                while (vendor.exists(spec.name().text())) {
                    Thread.onSpinWait();
                }
                other.create(spec);
                exchange.html(502);
            });

            assertThat(provider.delete(spec.name())).isTrue();

            assertThat(vendor.exists(spec.name().text())).isTrue();
            assertThat(sent("DELETE", one)).isEqualTo(1);
        }
    }

    @Test
    void aSandboxThatHasFailedIsRemovedFromTheAccount() {
        for (String status : new String[] {"FAILED", "DEACTIVATED"}) {
            vendor.record(spec.name().text()).put("status", status);

            assertThat(provider.delete(spec.name()))
                    .as("there was none to work in")
                    .isFalse();

            assertThat(vendor.exists(spec.name().text())).as(status).isFalse();
            provider.create(spec);
        }
    }

    @Test
    void aSandboxThatComesAfterAnErrorOfCreatingIsRemoved() throws Exception {
        provider.delete(spec.name());
        vendor.fault(request("POST", "/v0/sandboxes"), 1, exchange -> {
            vendor.createLater(exchange, 700);
            Mishap.CREATE_ERROR.run(exchange);
        });

        assertThat(failure(() -> provider.create(spec)).code()).isEqualTo(ErrorCode.POOL_ERROR);

        eventually("it came", () -> sent("DELETE", one) > 1);
        eventually("it is removed", () -> !vendor.exists(spec.name().text()));
    }

    @Test
    @DisplayName("statement 25: one that Blaxel could not bring up is a failure with Blaxel's own words for it")
    void whyASandboxFailedIsTold() throws Exception {
        provider.delete(spec.name());
        vendor.fault(request("GET", one), 99, exchange -> {
            if (vendor.exists(spec.name().text())) {
                var record = vendor.record(spec.name().text()).put("status", "FAILED");
                record.putArray("errors").addObject().put("code", "VM_NETWORK_FAILURE");
            }
        });
        vendor.nextStatus("DEPLOYING");

        assertThat(failure(() -> provider.create(spec)).text()).contains("FAILED (VM_NETWORK_FAILURE)");

        eventually("it is removed", () -> !vendor.exists(spec.name().text()));
    }

    @Test
    void aPortThatIsPublishedWhileAFailureIsBeingUndoneStays() throws Exception {
        String previews = one + "/previews";
        var ports = sandbox.ports().orElseThrow();
        var undone = new CountDownLatch(1);
        vendor.fault(request("POST", previews + "/.*/tokens"), 1, exchange -> exchange.html(503));
        vendor.fault(request("DELETE", previews + "/.*"), 1, exchange -> {
            StandIn.pause(300);
            vendor.previews().answer(exchange.unheard());
            exchange.html(502);
            undone.countDown();
        });
        failure(() -> ports.publish(3000, false, Duration.ofHours(1)));
        eventually("it is being undone", () -> sent("DELETE", previews + "/.*") == 1);

        ports.publish(3000, false, Duration.ofHours(1));

        undone.await();
        assertThat(vendor.previews().names()).containsExactly(spec.name() + "/port-3000");
    }

    private void begin(Exchange exchange) throws java.io.IOException {
        StandInSandbox there = vendor.sandboxes().getFirst();
        var process = new StandInProcess(there.root(), exchange.json());
        there.processes().put(process.name(), process);
    }
}
