package dev.sandbridge.app;

import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.local.LocalOptions;
import dev.sandbridge.provider.local.LocalProvider;
import io.quarkus.arc.profile.IfBuildProfile;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Map;

/** Gives a function under test the sandboxes of this machine, so that it answers the same scenarios as the service. */
@ApplicationScoped
@IfBuildProfile(anyOf = {"lambda-http", "lambda-events"})
final class FunctionTestWiring {
    @Produces
    @Singleton
    SandboxProvider local(DataDirectory data) {
        return new LocalProvider(new LocalOptions(data.path(), Map.of()));
    }

    void close(@Disposes SandboxProvider provider) {
        provider.close();
    }
}
