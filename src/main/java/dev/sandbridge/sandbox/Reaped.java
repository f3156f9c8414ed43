package dev.sandbridge.sandbox;

import java.util.List;

/**
 * What one run of removing expired sandboxes did. What is left is removed by the next one.
 *
 * @param expired how many there were
 * @param removed how many are gone, by this run or meanwhile
 * @param inUse how many somebody was in, or has renewed
 * @param left how many this run did not come to
 * @param failures why the others, or whole lists of a provider, could not be dealt with
 */
public record Reaped(int expired, int removed, int inUse, int left, List<RuntimeException> failures) {
    public Reaped {
        failures = List.copyOf(failures);
    }
}
