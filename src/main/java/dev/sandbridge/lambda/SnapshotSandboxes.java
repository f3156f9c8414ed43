package dev.sandbridge.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.sandbridge.sandbox.SandboxService;
import dev.sandbridge.sandbox.SnapshotService;
import jakarta.inject.Named;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Takes snapshots of sandboxes: of all, or of some by their labels, on a schedule; of certain ones by messages of a
 * queue. A sandbox whose workspace its newest snapshot holds already gets none, so that events may come twice and at
 * the same time. Deleted and expired ones stay what they are, and none lives longer for it.
 *
 * <p>A message is done when all that it names was dealt with. One with a failure, or whose turn did not come within the
 * function's time, is given back to the queue by itself, and what was done for it is found unchanged the next time.
 */
@Named("SnapshotSandboxes")
public final class SnapshotSandboxes implements RequestHandler<SnapshotSandboxes.Event, SnapshotSandboxes.Answer> {
    private static final Logger LOG = Logger.getLogger(SnapshotSandboxes.class.getName());

    /** Of one run of the schedule. */
    private static final int LIMIT = 200;

    /** For giving up what takes too long, and for the answer. */
    private static final Duration MARGIN = Duration.ofSeconds(15);

    /** What a platform gives at most, for one that does not say: AWS does. */
    private static final Duration LONGEST = Duration.ofMinutes(15);

    private final SandboxService service;
    private final ObjectReader messages;

    SnapshotSandboxes(SandboxService service, ObjectMapper json) {
        this.service = service;
        // A misspelt member must not turn "this sandbox" into "every sandbox".
        this.messages = json.readerFor(Wish.class).with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    }

    /**
     * Which sandboxes; the body of a message, and what a schedule sends.
     *
     * @param ids these; all where nothing is said
     * @param labels what they must be labelled with
     * @param limit how many at most; of a schedule 200 where nothing is said
     */
    public record Wish(
            @Nullable List<String> ids,
            @Nullable Map<String, String> labels,
            @Nullable Integer limit) {}

    /**
     * What the platform sends: a wish as it is, one as the detail of an EventBridge event, or messages of a queue.
     *
     * @param records the messages
     */
    public record Event(
            @Nullable List<String> ids,
            @Nullable Map<String, String> labels,
            @Nullable Integer limit,
            @Nullable Wish detail,
            @JsonProperty("Records") @Nullable List<Message> records) {}

    /** @param body a {@link Wish} in JSON that names ids or labels */
    public record Message(String messageId, @Nullable String body) {}

    /**
     * What the platform reads after messages, or what people read after a run of the schedule.
     *
     * @param batchItemFailures the messages that go back to the queue
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Answer(@Nullable Report report, @Nullable List<Failure> batchItemFailures) {}

    /** @param itemIdentifier of a message */
    public record Failure(String itemIdentifier) {}

    /** How many sandboxes there were, and what became of them. */
    public record Report(int found, int taken, int unchanged, int skipped, int left, int failed) {
        static Report of(SnapshotService.RunReport ran) {
            return new Report(
                    ran.found(),
                    ran.taken(),
                    ran.unchanged(),
                    ran.skipped(),
                    ran.left(),
                    ran.failures().size());
        }
    }

    /** @throws IllegalStateException after all were tried, if some of a schedule failed: the platform retries then */
    @Override
    public Answer handleRequest(Event event, Context context) {
        Supplier<Duration> left = left(context);
        if (event.records() != null) {
            return new Answer(null, messages(event.records(), left));
        }
        Wish wish = event.detail() == null ? new Wish(event.ids(), event.labels(), event.limit()) : event.detail();
        SnapshotService.RunReport ran = run(wish, LIMIT, left);
        if (!ran.failures().isEmpty()) {
            throw new IllegalStateException(
                    "snapshots could not all be taken: " + Report.of(ran),
                    ran.failures().getFirst());
        }
        return new Answer(Report.of(ran), null);
    }

    /** Nothing left already at the start is how a platform looks that tells no deadline. */
    private static Supplier<Duration> left(Context context) {
        if (context.getRemainingTimeInMillis() > 0) {
            return () -> Duration.ofMillis(context.getRemainingTimeInMillis()).minus(MARGIN);
        }
        long end = System.nanoTime() + LONGEST.minus(MARGIN).toNanos();
        return () -> Duration.ofNanos(end - System.nanoTime());
    }

    private List<Failure> messages(List<Message> batch, Supplier<Duration> left) {
        var back = new ArrayList<Failure>();
        for (Message message : batch) {
            if (!isDone(message, left)) {
                back.add(new Failure(message.messageId()));
            }
        }
        return back;
    }

    private boolean isDone(Message message, Supplier<Duration> left) {
        try {
            Wish wish = messages.readValue(message.body() == null ? "" : message.body());
            if (wish == null || (wish.ids() == null && wish.labels() == null)) {
                throw new IllegalArgumentException("a message names ids or labels");
            }
            SnapshotService.RunReport ran = run(wish, Integer.MAX_VALUE, left);
            boolean reachedItsLimit = wish.limit() != null && ran.found() - ran.left() >= wish.limit();
            return ran.failures().isEmpty() && (ran.left() == 0 || reachedItsLimit);
        } catch (JsonProcessingException | RuntimeException failed) {
            LOG.log(Level.WARNING, "message " + message.messageId() + " goes back to its queue", failed);
            return false;
        }
    }

    private SnapshotService.RunReport run(Wish wish, int limit, Supplier<Duration> left) {
        SnapshotService.RunReport ran = service.snapshotAll(new SnapshotService.Run(
                wish.ids(),
                wish.labels() == null ? Map.of() : wish.labels(),
                wish.limit() == null ? limit : wish.limit(),
                left));
        LOG.info(() -> "snapshots of sandboxes: " + Report.of(ran));
        if (!ran.failures().isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "the first of " + ran.failures().size() + " failures",
                    ran.failures().getFirst());
        }
        return ran;
    }
}
