package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxProvider;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The profiles of this service. */
public final class Profiles {
    private final Map<String, Profile> byName = new LinkedHashMap<>();
    private final String standard;

    /** @param standard name of the profile that holds where neither request nor key names one */
    public Profiles(Collection<Profile> profiles, String standard) {
        profiles.forEach(profile -> byName.put(profile.name(), profile));
        if (!byName.containsKey(standard)) {
            throw new IllegalArgumentException("the default profile " + standard + " is not configured");
        }
        this.standard = standard;
    }

    /** The profile of that name, or the default for null. */
    public Profile get(@Nullable String name) {
        return find(name == null ? standard : name).orElseThrow(() -> {
            boolean printable = name != null && name.matches("[A-Za-z0-9._-]{1,64}");
            return new SandboxException(ErrorCode.INVALID_REQUEST, "no such profile" + (printable ? ": " + name : ""))
                    .action("use one of " + String.join(", ", byName.keySet()));
        });
    }

    Optional<Profile> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /** All but this one. */
    List<Profile> others(Profile profile) {
        return byName.values().stream().filter(other -> !other.equals(profile)).toList();
    }

    /** Where sandboxes come from, each once. */
    List<SandboxProvider> providers() {
        return byName.values().stream().map(Profile::provider).distinct().toList();
    }

    /** The provider that an id names, whatever its profile uses today. */
    SandboxProvider provider(String id) {
        return providers().stream()
                .filter(provider -> provider.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new SandboxException(
                                ErrorCode.CAPABILITY_UNAVAILABLE, "provider " + id + " is not configured any more")
                        .action("let the operator configure it again, or create another sandbox"));
    }
}
