package dev.sandbridge.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.snapshot.SnapshotStore;
import dev.sandbridge.snapshot.SnapshotStore.Facts;
import dev.sandbridge.snapshot.s3.S3Server;
import io.quarkus.runtime.configuration.DurationConverter;
import io.quarkus.runtime.configuration.MemorySize;
import io.quarkus.runtime.configuration.MemorySizeConverter;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotWiringTest {
    @TempDir
    private Path data;

    private SnapshotStore store(Map<String, String> settings) throws IOException {
        var config = new SmallRyeConfigBuilder()
                .withMapping(SandbridgeConfig.class, "sandbridge")
                .withConverter(Duration.class, 200, new DurationConverter())
                .withConverter(MemorySize.class, 200, new MemorySizeConverter())
                .withDefaultValue("user.home", "/nonexistent")
                .withDefaultValues(settings)
                .addDefaultInterceptors()
                .build()
                .getConfigMapping(SandbridgeConfig.class, "sandbridge");
        return new SnapshotWiring()
                .snapshots(config, DataDirectory.open(data.toString()), Clock.systemUTC(), new SecureRandom());
    }

    private static String publishOne(SnapshotStore store) throws IOException {
        try (var draft = store.begin()) {
            draft.archive().write(new byte[10]);
            return draft.publish(new Facts("alice", "box", Instant.EPOCH, "m", 1, 10))
                    .id();
        }
    }

    @Test
    void withoutABucketSnapshotsLieInTheDataDirectory() throws IOException {
        publishOne(store(Map.of()));

        assertThat(Files.exists(data.resolve("snapshots"))).isTrue();
    }

    @Test
    void withABucketTheyLieThereForEverybodyWhoSharesIt() throws IOException {
        var settings = Map.of(
                "sandbridge.snapshots.bucket",
                S3Server.get().bucket("wiring"),
                "sandbridge.snapshots.endpoint",
                S3Server.get().endpoint().toString());

        String id = publishOne(store(settings));

        assertThat(store(settings).find("alice", id)).isPresent();
        assertThat(Files.exists(data.resolve("snapshots"))).isFalse();
    }

    @Test
    void aFunctionWithoutABucketSaysWhoKeepsSome() throws IOException {
        var store = store(Map.of(
                "sandbridge.snapshots.directory", "false", "sandbridge.service-url", "https://service.example.org"));

        var refused = catchThrowableOfType(SandboxException.class, () -> store.list("alice", "box"));

        assertThat(refused.code()).isEqualTo(ErrorCode.CAPABILITY_UNAVAILABLE);
        assertThat(refused.action()).contains("https://service.example.org", "SANDBRIDGE_SNAPSHOTS_BUCKET");
        assertThat(data).isEmptyDirectory();
    }
}
