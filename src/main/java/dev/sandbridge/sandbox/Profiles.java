package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        Profile profile = byName.get(name == null ? standard : name);
        if (profile == null) {
            boolean printable = name != null && name.matches("[A-Za-z0-9._-]{1,64}");
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "no such profile" + (printable ? ": " + name : ""))
                    .action("use one of " + String.join(", ", byName.keySet()));
        }
        return profile;
    }

    List<Profile> all() {
        return List.copyOf(byName.values());
    }
}
