package dev.sandbridge.sandbox;

import dev.sandbridge.process.ExitStatus;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a tool call tells.
 *
 * @param output since the last answer, whole characters only
 * @param status how the command ended; null while it runs, and where its end is unknown
 * @param failure why its end is unknown
 * @param processId to ask again with; null once it has ended
 * @param originalTokens of the output before it was cut; null where it was not
 * @param dropped bytes that came since the last answer and were too many to keep
 * @param wallTime of this call
 * @param warning what the caller should know, or null
 */
public record ToolAnswer(
        String output,
        @Nullable ExitStatus status,
        @Nullable String failure,
        @Nullable Integer processId,
        @Nullable Integer originalTokens,
        long dropped,
        Duration wallTime,
        @Nullable String warning) {}
