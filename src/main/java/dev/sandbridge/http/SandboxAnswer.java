package dev.sandbridge.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.sandbox.SandboxView;
import dev.sandbridge.session.Timeouts;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox in JSON. Times are ISO-8601, lengths of time seconds, sizes bytes.
 *
 * @param created whether this call made it; null in answers to other calls
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
record SandboxAnswer(
        @Nullable String id,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean created,
        @Nullable String name,
        String owner,
        String profile,
        String provider,
        @Nullable String image,
        String network,
        LimitsAnswer limits,
        TimeoutsAnswer timeouts,
        Map<String, String> labels,
        List<String> envNames,
        List<Integer> exposedPorts,
        double ttl,
        String createdAt,
        String expiresAt,
        @Nullable String state) {

    /** @param cpu thousandths of one processor */
    record LimitsAnswer(long memory, int processes, int cpu, long disk, long output) {
        static LimitsAnswer of(Limits limits) {
            return new LimitsAnswer(
                    limits.memoryBytes(),
                    limits.processes(),
                    limits.cpuMillis(),
                    limits.diskBytes(),
                    limits.outputBytes());
        }
    }

    /** @param exec null where a command has no limit unless it names one */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    record TimeoutsAnswer(
            @Nullable Double exec, double cleanup, double upload, double download, double archive, double fastOp) {
        static TimeoutsAnswer of(Timeouts timeouts) {
            Duration exec = timeouts.exec();
            return new TimeoutsAnswer(
                    exec == null ? null : seconds(exec),
                    seconds(timeouts.cleanup()),
                    seconds(timeouts.upload()),
                    seconds(timeouts.download()),
                    seconds(timeouts.archive()),
                    seconds(timeouts.fastOp()));
        }
    }

    static SandboxAnswer of(SandboxView view, @Nullable Boolean created) {
        return new SandboxAnswer(
                view.id(),
                created,
                view.name(),
                view.owner(),
                view.profile(),
                view.provider(),
                view.image(),
                JsonNames.lowerCase(view.network()),
                LimitsAnswer.of(view.limits()),
                TimeoutsAnswer.of(view.timeouts()),
                view.labels(),
                view.environmentNames(),
                view.exposedPorts(),
                seconds(view.ttl()),
                view.createdAt().toString(),
                view.expiresAt().toString(),
                view.state());
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }
}
