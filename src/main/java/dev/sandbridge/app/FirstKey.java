package dev.sandbridge.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.owner.ApiKeys;
import dev.sandbridge.owner.FileApiKeys;
import dev.sandbridge.owner.GivenApiKeys;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.PrivateFile;
import dev.sandbridge.owner.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/**
 * Sees to it that there is an admin's key: fail closed would otherwise mean that a newcomer gets in nowhere. The
 * operator's own key is accepted as the admin's; without one a start that finds no admin key makes one and leaves it in
 * a private file, never in a log.
 */
final class FirstKey {
    /** Where the made key lies, in the data directory. */
    static final String FILE = "admin.key";

    /** Id of the key that the configuration gives. */
    private static final String GIVEN = "operator";

    /** Id of the key that the first start makes. */
    private static final String MADE = "first";

    private static final OwnerId ADMIN = new OwnerId("admin");

    private FirstKey() {}

    /** The keys of a deployment of several processes, none of which may make one of its own. */
    static ApiKeys shared(Optional<String> given, List<String> lines, Clock clock) throws IOException {
        String admin = given.orElseThrow(() -> new IllegalArgumentException(
                "sandbridge.secrets without sandbridge.key: nobody could get in. Give the admin's key too"));
        return new GivenApiKeys(GIVEN, admin, ADMIN, lines, clock);
    }

    static ApiKeys ensure(FileApiKeys keys, Optional<String> given, Path file) throws IOException {
        if (given.isPresent()) {
            keys.accept(GIVEN, given.get(), ADMIN, Role.ADMIN);
            return keys;
        }
        keys.withdraw(GIVEN);
        if (keys.list().stream().noneMatch(key -> key.role() == Role.ADMIN && !key.disabled())) {
            // One that somebody disabled stays so; another takes its place.
            boolean revoked = keys.list().stream().anyMatch(key -> key.keyId().equals(MADE));
            boolean usable = !revoked && Files.exists(file);
            // The file first: a crash in between must not leave a key that nobody knows.
            String secret = usable ? new String(PrivateFile.read(file), UTF_8).strip() : keys.newSecret();
            PrivateFile.write(file, (secret + "\n").getBytes(UTF_8));
            keys.accept(MADE, secret, ADMIN, Role.ADMIN);
        }
        return keys;
    }
}
