package dev.sandbridge.app;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.ProviderReport;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.SandboxSpec;
import java.util.List;
import java.util.Optional;

/** Stands where a provider cannot work on this machine, so that the service runs and says why. */
final class UnavailableProvider implements SandboxProvider {
    private final String id;
    private final String reason;

    /** @param reason one sentence with what to do about it */
    UnavailableProvider(String id, String reason) {
        this.id = id;
        this.reason = reason;
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public ProviderReport report() {
        return new ProviderReport(id, reason, List.of());
    }

    @Override
    public SandboxHandle create(SandboxSpec spec) {
        throw unavailable();
    }

    @Override
    public Optional<SandboxHandle> find(SandboxName name) {
        throw unavailable();
    }

    @Override
    public boolean delete(SandboxName name) {
        throw unavailable();
    }

    @Override
    public List<SandboxSpec> list() {
        return List.of();
    }

    @Override
    public void close() {}

    private SandboxException unavailable() {
        return new SandboxException(
                ErrorCode.CAPABILITY_UNAVAILABLE, "provider " + id + " is not offered here: " + reason);
    }
}
