package dev.sandbridge.app;

import dev.sandbridge.owner.ApiKeys;
import dev.sandbridge.sandbox.SandboxService;
import io.quarkus.arc.profile.UnlessBuildProfile;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What a long-lived service does besides answering: refuses to start half, tells where it is, removes what has
 * expired.
 */
@Singleton
@UnlessBuildProfile(anyOf = {"lambda-http", "lambda-events"})
final class StartUp {
    private static final Logger LOG = Logger.getLogger(StartUp.class.getName());

    private final SandboxService service;
    private final SandbridgeConfig config;

    StartUp(SandboxService service, SandbridgeConfig config) {
        this.service = service;
        this.config = config;
    }

    /** Injection makes keys, secrets and providers now, so that what is wrong with them ends the start. */
    void start(@Observes StartupEvent event, ApiKeys keys) {
        service.health().errors().forEach(LOG::warning);
    }

    @Scheduled(every = "${sandbridge.sweep-every:30s}", delayed = "${sandbridge.sweep-every:30s}")
    @RunOnVirtualThread
    void sweep() {
        service.toolTerminals().endIdle(config.toolCalls().idle());
        try {
            service.terminals().endIdle(config.terminals().idle());
            service.deleteExpired();
        } catch (RuntimeException failed) {
            LOG.log(Level.WARNING, "expired sandboxes could not all be removed; tried again later", failed);
        }
    }
}
