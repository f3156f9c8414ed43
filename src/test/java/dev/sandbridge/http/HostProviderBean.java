package dev.sandbridge.http;

import dev.sandbridge.provider.HostProvider;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Offers the provider that isolates nothing to applications under test. */
@Singleton
final class HostProviderBean {
    private final HostProvider.Disk disk = new HostProvider.Disk();

    @Produces
    @Singleton
    HostProvider provider() {
        return new HostProvider(disk);
    }

    void end(@Disposes HostProvider provider) {
        provider.close();
        disk.close();
    }
}
