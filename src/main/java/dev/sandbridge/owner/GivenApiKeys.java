package dev.sandbridge.owner;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keys that are part of a deployment's configuration, the same in every process of it. None is made, disabled or
 * removed while one of them runs. Immutable.
 */
public final class GivenApiKeys implements ApiKeys {
    private final List<StoredKey> keys;

    /**
     * @param admin the operator's own key, in clear
     * @param lines further keys, hashed, in the form of the lines of a keys file
     * @throws SandboxException INVALID_REQUEST if the admin's key is too short to be safe
     * @throws IOException if a line is not one; says which
     */
    public GivenApiKeys(String adminId, String admin, OwnerId owner, List<String> lines, Clock clock)
            throws IOException {
        FileApiKeys.requireSafe(admin);
        var all = new ArrayList<StoredKey>();
        all.add(new StoredKey(
                new KeyInfo(adminId, owner, Role.ADMIN, null, false, clock.instant()), StoredKey.hash(admin)));
        all.addAll(KeyLines.parse(KeyLines.text(lines)));
        keys = List.copyOf(all);
    }

    @Override
    public Optional<Caller> authenticate(String key) {
        return StoredKey.caller(keys, key);
    }

    @Override
    public NewKey create(OwnerId owner, Role role, @Nullable String profile) {
        throw fixed();
    }

    @Override
    public List<KeyInfo> list() {
        return keys.stream().map(StoredKey::info).toList();
    }

    @Override
    public KeyInfo setDisabled(String keyId, boolean disabled) {
        throw fixed();
    }

    @Override
    public void delete(String keyId) {
        throw fixed();
    }

    private static SandboxException fixed() {
        return new SandboxException(
                        ErrorCode.CAPABILITY_UNAVAILABLE, "the keys are part of this deployment's configuration")
                .action("change sandbridge.keys there and deploy again");
    }
}
