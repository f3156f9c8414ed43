package dev.sandbridge.app;

import dev.sandbridge.owner.ApiKeys;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.sandbox.SnapshotService;
import io.quarkus.arc.profile.UnlessBuildProfile;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.quarkus.scheduler.Scheduled.ConcurrentExecution;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * What a long-lived service does besides answering: refuses to start half, tells where it is, removes what has
 * expired, takes snapshots.
 */
@Singleton
@UnlessBuildProfile(anyOf = {"lambda-http", "lambda-events"})
final class StartUp {
    private static final Logger LOG = Logger.getLogger(StartUp.class.getName());

    /** More than any sandbox's own limit for a snapshot. */
    private static final Duration LONGEST_RUN = Duration.ofDays(1);

    private final SandboxService service;
    private final SandbridgeConfig config;

    StartUp(SandboxService service, SandbridgeConfig config) {
        this.service = service;
        this.config = config;
    }

    /** Injection makes keys, secrets and providers now, so that what is wrong with them ends the start. */
    void start(@Observes StartupEvent event, ApiKeys keys, @ConfigProperty(name = "quarkus.http.host") String host) {
        Keyless.requireLoopback(config.auth(), host);
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

    /** Off unless it is set; a run that takes longer than that leaves out the next ones. */
    @Scheduled(every = "${sandbridge.snapshots.every:off}", concurrentExecution = ConcurrentExecution.SKIP)
    @RunOnVirtualThread
    void snapshots() {
        SnapshotService.RunReport ran = service.snapshotAll(
                new SnapshotService.Run(null, config.snapshots().labels(), Integer.MAX_VALUE, () -> LONGEST_RUN));
        LOG.fine(() -> "snapshots taken: " + ran.taken() + " of " + ran.found() + " sandboxes");
        if (!ran.failures().isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    ran.failures().size() + " of " + ran.found() + " snapshots could not be taken; tried again later",
                    ran.failures().getFirst());
        }
    }
}
