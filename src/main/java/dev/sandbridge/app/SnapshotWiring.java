package dev.sandbridge.app;

import dev.sandbridge.snapshot.FileSnapshotStore;
import dev.sandbridge.snapshot.SnapshotStore;
import dev.sandbridge.snapshot.s3.S3Options;
import dev.sandbridge.snapshot.s3.S3SnapshotStore;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where snapshots are kept: in a bucket that is set, else on this machine, and in a function without one nowhere. */
@ApplicationScoped
final class SnapshotWiring {
    @Produces
    @Singleton
    SnapshotStore snapshots(SandbridgeConfig config, DataDirectory data, Clock clock, SecureRandom random)
            throws IOException {
        var settings = config.snapshots();
        var bucket = settings.bucket();
        if (bucket.isPresent()) {
            return new S3SnapshotStore(
                    new S3Options(
                            bucket.get(), settings.prefix(), orNull(settings.region()), orNull(settings.endpoint())),
                    clock,
                    random);
        }
        return settings.directory()
                ? new FileSnapshotStore(data.file("snapshots"), random)
                : new UnavailableSnapshots(config.serviceUrl());
    }

    void close(@Disposes SnapshotStore store) {
        if (store instanceof S3SnapshotStore bucket) {
            bucket.close();
        }
    }

    private static <T> @Nullable T orNull(Optional<T> value) {
        return value.orElse(null);
    }
}
