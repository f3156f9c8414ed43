package dev.sandbridge.sandbox;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long a tool call waits and how much it wants to read.
 *
 * @param yield after which it answers though the command goes on; brought within what is allowed
 * @param maxTokens of the answer's output; null for all there is
 */
public record ToolWait(Duration yield, @Nullable Integer maxTokens) {
    static final Duration SHORTEST = Duration.ofMillis(250);
    static final Duration SHORTEST_POLL = Duration.ofSeconds(5);
    static final Duration LONGEST = Duration.ofSeconds(30);

    Duration afterStart() {
        return atLeast(SHORTEST);
    }

    /** @param typed whether something was typed: who only looks waits longer, or would look too often */
    Duration afterInput(boolean typed) {
        return atLeast(typed ? SHORTEST : SHORTEST_POLL);
    }

    private Duration atLeast(Duration least) {
        Duration shorter = yield.compareTo(LONGEST) < 0 ? yield : LONGEST;
        return shorter.compareTo(least) > 0 ? shorter : least;
    }
}
