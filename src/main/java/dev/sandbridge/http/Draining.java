package dev.sandbridge.http;

import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Whether the service has been told to end. From then on its health says so, and a load balancer sends it nothing new;
 * after {@code quarkus.shutdown.delay} the framework refuses new requests, and gives running ones {@code
 * quarkus.shutdown.timeout}.
 */
@Singleton
final class Draining {
    private volatile boolean begun;

    void begin(@Observes ShutdownDelayInitiatedEvent event) {
        begun = true;
    }

    boolean hasBegun() {
        return begun;
    }
}
