package dev.sandbridge.packaged;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.blaxel.BlaxelOptions;
import dev.sandbridge.provider.blaxel.BlaxelProvider;
import dev.sandbridge.provider.blaxel.Credentials;
import dev.sandbridge.provider.blaxel.StandInResource;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.SecretKeys;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The event function's zip, an instance for each job. */
@Tag("lambda-events")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PackagedEventsIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SECRET = "5a".repeat(32);
    private static final String SCHEDULED = "{\"version\": \"0\", \"id\": \"e-1\","
            + " \"detail-type\": \"Scheduled Event\", \"source\": \"aws.events\", \"account\": \"123456789012\","
            + " \"time\": \"2026-01-01T00:00:00Z\", \"region\": \"eu-west-1\", \"resources\": [], \"detail\": {}}";

    private final StandInResource vendor = new StandInResource();
    private final Map<String, String> account = vendor.start();

    private FunctionProcess reap;
    private FunctionProcess snapshot;
    private FunctionProcess unknown;

    @BeforeAll
    void start(@TempDir Path scratch) throws IOException {
        Path task = scratch.resolve("task");
        FunctionProcess.unpack(Path.of(System.getProperty("packaged.zip")), task);
        reap = start(task, scratch.resolve("reap"), "ReapExpiredSandboxes");
        snapshot = start(task, scratch.resolve("snapshot"), "SnapshotSandboxes");
        unknown = start(task, scratch.resolve("unknown"), "NoSuchJob");
    }

    private FunctionProcess start(Path task, Path scratch, String handler) throws IOException {
        var settings = new HashMap<>(Map.of(
                "QUARKUS_LAMBDA_HANDLER",
                handler,
                "SANDBRIDGE_KEY",
                "test-admin-key-0123456789",
                "SANDBRIDGE_SECRETS",
                SECRET));
        account.forEach((name, value) -> settings.put(FunctionLauncher.variable(name), value));
        return FunctionProcess.start(task, Path.of(System.getProperty("packaged.client")), scratch, settings);
    }

    @AfterAll
    void stop() {
        reap.close();
        snapshot.close();
        unknown.close();
        vendor.stop();
    }

    @Test
    void expiredSandboxesAreReapedOnASchedule() throws IOException {
        try (var provider = provider()) {
            var now = Instant.now();
            var expired = make(provider, now.minus(Duration.ofHours(2)), now.minus(Duration.ofHours(1)));
            var alive = make(provider, now, now.plus(Duration.ofHours(1)));

            assertReaped(1);

            assertThat(provider.find(expired)).isEmpty();
            assertThat(provider.find(alive)).isPresent();
            assertReaped(0);
            provider.delete(alive);
        }
    }

    private void assertReaped(int count) throws IOException {
        JsonNode report = JSON.readTree(reap.answer(SCHEDULED));
        assertThat(report.get("expired").intValue()).isEqualTo(count);
        assertThat(report.get("removed").intValue()).isEqualTo(count);
        assertThat(report.get("failed").intValue()).isZero();
    }

    /** The provider as another part of the deployment has it. */
    private BlaxelProvider provider() {
        var options = new BlaxelOptions(
                URI.create(setting("api-url")),
                setting("workspace"),
                "2026-04-28",
                "X-Blaxel-Authorization",
                "X-Blaxel-Workspace",
                null,
                "blaxel/base-image:latest",
                Duration.ofHours(1));
        var key = new Credentials.ApiKey(setting("api-key"));
        return new BlaxelProvider(options, key, Clock.systemUTC(), new SecureRandom());
    }

    private String setting(String name) {
        return Objects.requireNonNull(account.get("sandbridge.blaxel." + name));
    }

    private static SandboxName make(BlaxelProvider provider, Instant created, Instant expires) {
        var id = new SandboxIds(SecretKeys.given(List.of(SECRET)), new SecureRandom())
                .issue(new OwnerId("alice"), "away", "blaxel");
        var limits = new Limits(1L << 30, 1000, 100, 1L << 30, 1L << 20);
        provider.create(new SandboxSpec(
                id.name(),
                id.text(),
                "alice",
                "away",
                null,
                null,
                Network.NAT,
                limits,
                Map.of(),
                "",
                created,
                expires));
        return id.name();
    }

    @Test
    void snapshotsAreTakenOnASchedule() throws IOException {
        JsonNode report = JSON.readTree(snapshot.answer(SCHEDULED)).get("report");

        assertThat(report.get("found").intValue()).isZero();
        assertThat(report.get("taken").intValue()).isZero();
    }

    @Test
    void messagesThatFailedGoBackToTheirQueueAndOthersDoNot() throws IOException {
        var ids = new SandboxIds(SecretKeys.given(List.of(SECRET)), new SecureRandom());
        String known = ids.issue(new OwnerId("alice"), "default", "local").text();

        JsonNode answer = JSON.readTree(snapshot.answer("{\"Records\": ["
                + message("m1", "{\\\"labels\\\": {\\\"team\\\": \\\"blue\\\"}}") + ","
                + message("m2", "{\\\"ids\\\": [\\\"" + known + "\\\"]}") + ","
                + message("m3", "{}") + "]}"));

        assertThat(answer.get("batchItemFailures").findValuesAsText("itemIdentifier"))
                .as("this build has no provider for the second, and the third names nothing")
                .containsExactly("m2", "m3");
    }

    @Test
    void aFunctionWithoutSuchAHandlerSaysSo() {
        assertThat(unknown.outcome(SCHEDULED).toString() + unknown.log()).contains("NoSuchJob");
    }

    private static String message(String id, String body) {
        return "{\"messageId\": \"" + id + "\", \"receiptHandle\": \"r\", \"body\": \"" + body
                + "\", \"attributes\": {\"ApproximateReceiveCount\": \"1\"}, \"messageAttributes\": {},"
                + " \"eventSource\": \"aws:sqs\", \"awsRegion\": \"eu-west-1\","
                + " \"eventSourceARN\": \"arn:aws:sqs:eu-west-1:123456789012:snapshots\"}";
    }
}
