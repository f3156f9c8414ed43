package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.TestSpecs;
import dev.sandbridge.workspace.WorkspacePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Everything that the stand-in can play, by what our client makes of it. */
class MishapTest extends VendorSuite {
    private static final WorkspacePath FILE = WorkspacePath.of("long");
    private static final int LENGTH = 300_000;

    private final SandboxSpec spec = TestSpecs.spec();
    private final String one = "/v0/sandboxes/" + spec.name();

    @Test
    void anErrorOfTheControlPlaneIsToldAndNotRepeated() {
        provider.create(spec);
        vendor.fault(request("GET", one), 1, Mishap.CONTROL_PLANE_ERROR);

        assertThat(failure(() -> provider.find(spec.name())).text()).contains("500");
        assertThat(sent("GET", one)).isEqualTo(1);
    }

    @Test
    void anErrorOfCreatingIsToldByItsName() {
        vendor.fault(request("POST", "/v0/sandboxes"), 1, Mishap.CREATE_ERROR);

        assertThat(failure(() -> provider.create(spec)).text()).contains("DEPLOYMENT_FAILED");
        assertThat(sent("POST", "/v0/sandboxes")).isEqualTo(1);
    }

    @Test
    void whatReachedNothingIsSentAgain() throws Exception {
        SandboxHandle sandbox = provider.create(spec);
        vendor.fault(request("POST", "/process"), 2, Mishap.GATEWAY_ERROR);

        assertThat(output(sandbox, "echo x")).isEqualTo("x\n");
    }

    @Test
    void anErrorInsideTheSandboxIsToldAndNotRepeated() {
        SandboxHandle sandbox = provider.create(spec);
        long before = sent("POST", "/process");
        vendor.fault(request("POST", "/process"), 1, Mishap.SANDBOX_ERROR);

        assertThat(failure(() -> sandbox.files().stat(FILE, true)).text()).contains("500");
        assertThat(sent("POST", "/process")).isEqualTo(before + 1);
    }

    @Test
    void pagesAndEmptyAnswersAreAskedPastWhereThatDoesNoHarm() throws Exception {
        SandboxHandle sandbox = withLongFile();
        vendor.fault(request("GET", "/filesystem/.*"), 1, Mishap.PAGE);
        vendor.fault(request("GET", "/filesystem/.*"), 1, Mishap.EMPTY);

        assertThat(read(sandbox)).hasSize(LENGTH);
    }

    @Test
    void aStallIsWaitedForAndDelaysNothingElse() throws Exception {
        SandboxHandle sandbox = withLongFile();
        vendor.fault(request("GET", "/filesystem/.*"), 1, Mishap.STALL);

        assertThat(read(sandbox)).hasSize(LENGTH);
    }

    @Test
    void aStalledCallEndsWithItsThread() throws Exception {
        SandboxHandle sandbox = withLongFile();
        vendor.fault(request("GET", "/filesystem/.*"), 1, exchange -> StandIn.pause(40_000));
        long asked = sent("GET", "/filesystem/.*");
        var told = new CompletableFuture<Throwable>();
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                read(sandbox);
                told.complete(new AssertionError("it was read"));
            } catch (Exception failed) {
                told.complete(failed);
            }
        });
        eventually("it is asked", () -> sent("GET", "/filesystem/.*") > asked);

        reader.interrupt();

        assertThat(told.get()).isInstanceOfSatisfying(SandboxException.class, failed -> assertThat(failed.code())
                .isEqualTo(ErrorCode.PROVIDER_FAILURE));
        assertThat(read(sandbox)).hasSize(LENGTH);
    }

    @Test
    void anAnswerThatStallsAfterItsHeadEndsInTime() {
        var call =
                Call.get("asking", URI.create(vendor.api() + "/sandboxes/none")).patience(Duration.ofMillis(400));
        var over = new CompletableFuture<Boolean>();
        try {
            for (int status : new int[] {200, 200, 404}) {
                vendor.fault(request("GET", "/v0/sandboxes/none"), 1, exchange -> {
                    exchange.begin(status, "text/html", 1000).write('{');
                    over.join();
                });
            }

            assertThatThrownBy(() -> http().json(call)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> {
                        try (InputStream body = http().open(call).body()) {
                            body.readAllBytes();
                        }
                    })
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> http().json(call)).isInstanceOfSatisfying(Refused.class, refused -> assertThat(
                            refused.refusal().status())
                    .isEqualTo(404));
        } finally {
            over.complete(true);
        }
    }

    @Test
    void aSlowReaderIsNotTakenForASilentVendor() throws Exception {
        var body = new Impatient(new ByteArrayInputStream(new byte[] {1, 2}), Duration.ofMillis(50));

        assertThat(body.read()).isEqualTo(1);
        StandIn.pause(200);

        assertThat(body.read()).isEqualTo(2);
    }

    @Test
    void anAnswerThatEndsInTheMiddleIsNeverAShortFile() throws Exception {
        SandboxHandle sandbox = withLongFile();
        vendor.fault(request("GET", "/filesystem/.*"), 1, Mishap.HALF);

        assertThatThrownBy(() -> read(sandbox)).isInstanceOf(IOException.class);
        assertThat(read(sandbox)).hasSize(LENGTH);
    }

    @Test
    void aConnectionThatIsResetIsMadeAgain() throws Exception {
        SandboxHandle sandbox = withLongFile();
        vendor.fault(request("GET", "/filesystem/.*"), 2, Mishap.RESET);

        assertThat(read(sandbox)).hasSize(LENGTH);
    }

    @Test
    void whatIsLongerThanTheGatewayTakesDoesNotArrive() throws Exception {
        provider.create(spec);
        var plane =
                new DataPlane(http(), URI.create(vendor.sandboxes().getFirst().address()), new SecureRandom());

        assertThatThrownBy(() -> plane.upload("writing", "/tmp/f", new byte[5_000_000], 5_000_000))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.failure().code()).isEqualTo(ErrorCode.PAYLOAD_TOO_LARGE));
        plane.upload("writing", "/tmp/f", new byte[4_999_000], 4_999_000);

        assertThat(plane.sizes("/tmp")).containsEntry("f", 4_999_000L);
    }

    @Test
    @DisplayName("statement 67: what the gateway stops waiting for is looked up by its name and not sent again")
    void aFirstByteThatIsLateIsLookedUp() throws Exception {
        provider.create(spec);
        vendor.firstByteWithin(200);
        var plane =
                new DataPlane(http(), URI.create(vendor.sandboxes().getFirst().address()), new SecureRandom());
        int before = vendor.startedProcesses().size();

        String said = new Errand(plane, "waiting", ErrorCode.PROVIDER_FAILURE)
                .run("sleep 1; echo x >> /workspace/count; cat /workspace/count", Map.of());

        assertThat(said).isEqualTo("x\n");
        assertThat(vendor.startedProcesses()).hasSize(before + 1);
    }

    @Test
    void aSilentCommandIsNotCutByTheGateway() throws Exception {
        SandboxHandle sandbox = provider.create(spec);
        vendor.firstByteWithin(200);

        assertThat(output(sandbox, "sleep 1; echo late")).isEqualTo("late\n");
    }

    private SandboxHandle withLongFile() throws IOException {
        SandboxHandle sandbox = provider.create(spec);
        sandbox.files().write(FILE, new ByteArrayInputStream(new byte[LENGTH]), LENGTH, null);
        return sandbox;
    }

    private static byte[] read(SandboxHandle sandbox) throws IOException {
        try (var file = sandbox.files().read(FILE, 0, -1)) {
            return file.content().readAllBytes();
        }
    }

    private Http http() {
        HttpClient client = HttpClient.newHttpClient();
        var options = BlaxelTestBed.options(vendor.api());
        var tokens = new Tokens(client, options.api(), new Credentials.ApiKey(StandIn.KEY), Clock.systemUTC());
        return new Http(client, tokens, options, new SecureRandom(), Duration.ofMillis(20), Duration.ofSeconds(3));
    }
}
