package dev.sandbridge.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import dev.sandbridge.sandbox.Reaped;
import dev.sandbridge.sandbox.Reaping;
import dev.sandbridge.sandbox.SandboxService;
import jakarta.inject.Named;
import java.time.Duration;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Removes expired sandboxes, by what their providers list. For a schedule: runs may overlap, be repeated or be cut off;
 * what one leaves the next one takes.
 */
@Named("ReapExpiredSandboxes")
public final class ReapExpiredSandboxes
        implements RequestHandler<ReapExpiredSandboxes.Event, ReapExpiredSandboxes.Report> {
    private static final Logger LOG = Logger.getLogger(ReapExpiredSandboxes.class.getName());

    private static final int LIMIT = 200;

    /** Who works in a sandbox moves its expiry on; this is for a use that could not, for so long as a function runs. */
    private static final Duration GRACE = Duration.ofMinutes(15);

    /** What one removal may take: a look and the removal, of 30 s each where nothing else was chosen. */
    private static final int MARGIN_MILLIS = 75_000;

    private final SandboxService service;

    ReapExpiredSandboxes(SandboxService service) {
        this.service = service;
    }

    /**
     * What the schedule sends, as the event itself or as the detail of an EventBridge event.
     *
     * @param limit how many sandboxes one run removes at most; 200 where nothing is said
     * @param graceSeconds how long they must have been expired; 900 where nothing is said
     * @param labels what they must be labelled with
     */
    public record Event(
            @Nullable Integer limit,
            @Nullable Integer graceSeconds,
            @Nullable Map<String, String> labels,
            @Nullable Event detail) {}

    /** How many there were, and what became of them. */
    public record Report(int expired, int removed, int inUse, int left, int failed) {
        static Report of(Reaped reaped) {
            return new Report(
                    reaped.expired(),
                    reaped.removed(),
                    reaped.inUse(),
                    reaped.left(),
                    reaped.failures().size());
        }
    }

    /** @throws IllegalStateException after all were tried, if some failed, so that the platform retries */
    @Override
    public Report handleRequest(Event event, Context context) {
        Event wish = event.detail() == null ? event : event.detail();
        Reaped reaped = service.reap(new Reaping(
                wish.limit() == null ? LIMIT : wish.limit(),
                wish.graceSeconds() == null ? GRACE : Duration.ofSeconds(wish.graceSeconds()),
                wish.labels() == null ? Map.of() : wish.labels(),
                () -> context.getRemainingTimeInMillis() > MARGIN_MILLIS));
        Report report = Report.of(reaped);
        LOG.info(() -> "expired sandboxes: " + report);
        if (report.failed() > 0) {
            RuntimeException first = reaped.failures().getFirst();
            LOG.log(Level.WARNING, "the first of " + report.failed() + " failures", first);
            throw new IllegalStateException("expired sandboxes could not all be removed: " + report, first);
        }
        return report;
    }
}
