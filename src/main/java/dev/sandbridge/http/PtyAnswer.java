package dev.sandbridge.http;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.sandbox.ToolAnswer;
import org.jspecify.annotations.Nullable;

/**
 * What a tool call tells, in JSON.
 *
 * @param exitCode null while it runs, and where its end is unknown: then {@code failure} says why
 * @param processId to ask again with; null once it has ended
 * @param originalTokenCount null where the output is whole
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
record PtyAnswer(
        String output,
        @Nullable Integer exitCode,
        @Nullable String signal,
        @Nullable String failure,
        @Nullable Integer processId,
        @Nullable Integer originalTokenCount,
        long droppedBytes,
        double wallTimeSeconds,
        @Nullable String warning) {
    static PtyAnswer of(ToolAnswer answer) {
        ExitStatus status = answer.status();
        return new PtyAnswer(
                answer.output(),
                status == null ? null : status.code(),
                status == null ? null : status.signal(),
                answer.failure(),
                answer.processId(),
                answer.originalTokens(),
                answer.dropped(),
                answer.wallTime().toMillis() / 1000.0,
                answer.warning());
    }
}
