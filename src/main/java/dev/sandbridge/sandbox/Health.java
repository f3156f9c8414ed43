package dev.sandbridge.sandbox;

import dev.sandbridge.provider.ProviderReport;
import java.util.List;

/**
 * Whether the service can do its work.
 *
 * @param errors why not; empty when it can
 */
public record Health(List<String> errors, List<ProviderReport> providers) {
    public Health {
        errors = List.copyOf(errors);
        providers = List.copyOf(providers);
    }

    public boolean ok() {
        return errors.isEmpty();
    }
}
