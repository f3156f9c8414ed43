package dev.sandbridge.app;

import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.local.LocalOptions;
import dev.sandbridge.provider.local.LocalProvider;
import io.quarkus.arc.profile.UnlessBuildProfile;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/** Sandboxes on this machine; a function has no machine to keep them on. */
@ApplicationScoped
@UnlessBuildProfile(anyOf = {"lambda-http", "lambda-events"})
final class LocalWiring {
    @Produces
    @Singleton
    SandboxProvider local(SandbridgeConfig config, DataDirectory data) {
        Map<String, Path> images = config.local().images().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> Path.of(entry.getValue())));
        return new LocalProvider(new LocalOptions(data.path(), images));
    }

    void close(@Disposes SandboxProvider provider) {
        provider.close();
    }
}
