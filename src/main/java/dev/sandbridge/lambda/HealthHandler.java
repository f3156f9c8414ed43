package dev.sandbridge.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import dev.sandbridge.sandbox.Health;
import jakarta.inject.Named;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Answers the facts of {@code GET /health} to whoever invokes the function, for alarms and deployments. */
@Named("health")
public final class HealthHandler implements RequestHandler<Map<String, Object>, HealthHandler.Answer> {
    private final Supplier<Health> health;

    HealthHandler(Supplier<Health> health) {
        this.health = health;
    }

    @Override
    public Answer handleRequest(Map<String, Object> event, Context context) {
        var now = health.get();
        return new Answer(now.ok(), now.errors());
    }

    /** The same members as the HTTP answer. */
    public record Answer(boolean ok, List<String> errors) {}
}
