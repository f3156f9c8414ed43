package dev.sandbridge.owner;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The keys that callers prove themselves with. An owner may have several; a disabled one is refused from the next
 * request on. Thread-safe.
 */
public interface ApiKeys {
    /** Who shows this key, or empty if it is unknown or disabled; takes the same time for every wrong key. */
    Optional<Caller> authenticate(String key);

    /** Makes a key; durable when it returns. */
    NewKey create(OwnerId owner, Role role, @Nullable String profile);

    /** All keys, oldest first. */
    List<KeyInfo> list();

    /**
     * Disables or enables a key.
     *
     * @throws dev.sandbridge.error.SandboxException KEY_NOT_FOUND; CONFLICT for the last enabled admin key
     */
    KeyInfo setDisabled(String keyId, boolean disabled);

    /**
     * Removes a key for good.
     *
     * @throws dev.sandbridge.error.SandboxException KEY_NOT_FOUND; CONFLICT for the last enabled admin key
     */
    void delete(String keyId);
}
