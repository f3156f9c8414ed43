package dev.sandbridge.sandbox;

import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Which expired sandboxes one run removes.
 *
 * @param limit how many at most
 * @param grace how long they must have been expired, for uses by other processes that end only now
 * @param labels what they must be labelled with; empty for all
 * @param goesOn asked before each but the first; false ends the run
 */
public record Reaping(int limit, Duration grace, Map<String, String> labels, BooleanSupplier goesOn) {
    /** Everything that has expired. */
    public static final Reaping ALL = new Reaping(Integer.MAX_VALUE, Duration.ZERO, Map.of(), () -> true);

    public Reaping {
        if (limit < 0 || grace.isNegative()) {
            // A negative grace would take sandboxes that still live.
            throw new IllegalArgumentException("limit and grace must not be negative");
        }
        labels = Map.copyOf(labels);
    }
}
