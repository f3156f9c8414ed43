package dev.sandbridge.provider;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a provider can do here.
 *
 * @param provider its id
 * @param unavailable why it makes no sandboxes at all here, with what to do; null when it does
 * @param guarantees one line per limit or separation
 */
public record ProviderReport(String provider, @Nullable String unavailable, List<Guarantee> guarantees) {
    public ProviderReport {
        guarantees = List.copyOf(guarantees);
    }

    /** How firmly something holds. */
    public enum Strength {
        /** The kernel enforces it for the sandbox as a whole. */
        HARD,
        /** Enforced per process, or after the fact. */
        SOFT,
        /** Not enforced here. */
        NONE
    }

    /**
     * One line of the table.
     *
     * @param subject for example {@code memory}, {@code disk}, {@code network}
     * @param how the means, or why it is not firmer
     */
    public record Guarantee(String subject, Strength strength, String how) {}
}
