package dev.sandbridge.app;

import dev.sandbridge.sandbox.Health;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.util.List;
import java.util.function.Supplier;

/** Makes the domain objects, which carry no annotation of their own, and hands them to the doors. */
@ApplicationScoped
final class Wiring {
    @Produces
    Supplier<Health> health() {
        return () -> new Health(List.of(), List.of());
    }
}
