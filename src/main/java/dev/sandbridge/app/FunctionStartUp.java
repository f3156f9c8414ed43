package dev.sandbridge.app;

import io.quarkus.arc.profile.IfBuildProfile;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * What a function checks before it takes its first event. It makes no secret and no key of its own: the next instance
 * would know neither.
 */
@Singleton
@IfBuildProfile(anyOf = {"lambda-http", "lambda-events"})
final class FunctionStartUp {
    void start(@Observes StartupEvent event, SandbridgeConfig config) {
        if (config.auth() == SandbridgeConfig.Auth.NONE) {
            throw new IllegalStateException("everybody reaches a function, so it needs keys: remove SANDBRIDGE_AUTH");
        }
        if (config.secrets().isEmpty()) {
            throw new IllegalStateException("a function needs the secrets and keys of its deployment:"
                    + " set SANDBRIDGE_SECRETS (1:HEX, from: openssl rand -hex 32) and SANDBRIDGE_KEY");
        }
    }
}
