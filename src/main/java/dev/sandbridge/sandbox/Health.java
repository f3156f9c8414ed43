package dev.sandbridge.sandbox;

import dev.sandbridge.provider.ProviderReport;
import java.util.List;

/**
 * Whether the service can do its work.
 *
 * @param errors what is broken, each with what to do; empty when {@code ok}
 * @param providers what each provider can do here
 */
public record Health(boolean ok, List<String> errors, List<ProviderReport> providers) {
    public Health {
        errors = List.copyOf(errors);
        providers = List.copyOf(providers);
    }
}
