package dev.sandbridge.session;

import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.provider.Limits;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Values that the tests of ids and seals share. */
final class SessionFixtures {
    static final OwnerId ALICE = new OwnerId("alice");
    static final OwnerId BOB = new OwnerId("bob");
    static final SecureRandom RANDOM = new SecureRandom();

    private SessionFixtures() {}

    static Caller caller(OwnerId owner) {
        return new Caller(owner, Role.USE, "k1", null);
    }

    static Caller admin() {
        return new Caller(new OwnerId("root"), Role.ADMIN, "k2", null);
    }

    static byte[] secret(int seed) {
        var secret = new byte[SecretKeys.LENGTH];
        for (int i = 0; i < secret.length; i++) {
            secret[i] = (byte) (seed * 31 + i);
        }
        return secret;
    }

    /** What an id is made of. */
    static byte[] decoded(String id) {
        return Objects.requireNonNull(Base32.decode(id), id);
    }

    static SessionState state(Map<String, String> environment) {
        return new SessionState(
                "default",
                "name",
                null,
                environment,
                Map.of("team", "blue"),
                new Limits(1L << 30, 64, 1500, 1L << 31, 1L << 20),
                Timeouts.DEFAULT,
                Duration.ofHours(2),
                List.of(8080, 3000),
                Instant.ofEpochMilli(1_750_000_000_123L));
    }
}
