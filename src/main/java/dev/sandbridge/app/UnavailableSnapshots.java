package dev.sandbridge.app;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.snapshot.Snapshot;
import dev.sandbridge.snapshot.SnapshotStore;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Stands where there is no place that keeps snapshots, so that nobody believes in one that is gone after the call. */
final class UnavailableSnapshots implements SnapshotStore {
    private final String action;

    /** @param serviceUrl of the long-lived service, which may keep some */
    UnavailableSnapshots(Optional<String> serviceUrl) {
        this.action = "send this request to "
                + serviceUrl.orElse("the long-lived service of this deployment")
                + ", or persist the workspace and keep the archive yourself; whoever runs the function sets"
                + " SANDBRIDGE_SNAPSHOTS_BUCKET";
    }

    @Override
    public Draft begin() {
        throw unavailable();
    }

    @Override
    public Optional<Snapshot> find(String owner, String id) {
        throw unavailable();
    }

    @Override
    public List<Snapshot> list(String owner, String sandbox) {
        throw unavailable();
    }

    @Override
    public InputStream open(Snapshot snapshot) {
        throw unavailable();
    }

    @Override
    public boolean delete(String owner, String id) {
        throw unavailable();
    }

    @Override
    public List<Snapshot> olderThan(Instant time) {
        return List.of();
    }

    private SandboxException unavailable() {
        return new SandboxException(
                        ErrorCode.CAPABILITY_UNAVAILABLE,
                        "snapshots are not offered here: a function keeps no files, and no bucket is set")
                .action(action);
    }
}
