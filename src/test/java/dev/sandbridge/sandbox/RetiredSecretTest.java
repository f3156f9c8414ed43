package dev.sandbridge.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.ProviderReport;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.session.SandboxId;
import dev.sandbridge.session.SandboxIds;
import dev.sandbridge.session.SecretKeys;
import dev.sandbridge.session.SessionState;
import dev.sandbridge.session.StateSealer;
import dev.sandbridge.session.Timeouts;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Sandboxes whose id a retired secret signed still lie at the provider, beside others that are as good as ever. */
class RetiredSecretTest {
    private static final OwnerId ALICE = new OwnerId("alice");
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Limits LIMITS = new Limits(1 << 30, 64, 1000, 1 << 30, 1 << 20);

    private final SecureRandom random = new SecureRandom();
    private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
    private final List<SandboxSpec> listed = new ArrayList<>();

    private final SandboxProvider provider = new SandboxProvider() {
        @Override
        public String id() {
            return "listing";
        }

        @Override
        public ProviderReport report() {
            return new ProviderReport(id(), null, List.of());
        }

        @Override
        public SandboxHandle create(SandboxSpec spec) {
            throw new AssertionError("nothing is made here");
        }

        @Override
        public Optional<SandboxHandle> find(SandboxName name) {
            throw new AssertionError("nothing is looked for here");
        }

        @Override
        public boolean delete(SandboxName name) {
            throw new AssertionError("nothing is deleted here");
        }

        @Override
        public List<SandboxSpec> list() {
            return List.copyOf(listed);
        }

        @Override
        public void close() {}
    };

    @Test
    void theyAreMissingFromListsWhichShowAllOthers() {
        SecretKeys retired = secrets(1);
        SecretKeys current = secrets(2);
        listed.add(spec(retired, NOW.plusSeconds(60)));
        SandboxSpec good = spec(current, NOW.plusSeconds(60));
        listed.add(good);
        listed.add(spec(retired, NOW.plusSeconds(60)));

        for (Role role : Role.values()) {
            var page = catalogue(current)
                    .list(new Caller(ALICE, role, "k", null), new SandboxQuery(Map.of(), null, null, 1));
            assertThat(page.items()).extracting(SandboxView::id).containsExactly(good.id());
            assertThat(page.next()).isNull();
        }
    }

    @Test
    void theyDoNotKeepOthersFromBeingSwept() {
        SecretKeys retired = secrets(1);
        SecretKeys current = secrets(2);
        listed.add(spec(retired, NOW));
        SandboxSpec good = spec(current, NOW);
        listed.add(good);

        assertThat(catalogue(current).expired()).extracting(SandboxId::text).containsExactly(good.id());
    }

    private Catalogue catalogue(SecretKeys secrets) {
        var profile = new Profile(
                "default",
                provider,
                null,
                false,
                Network.NONE,
                LIMITS,
                LIMITS,
                Duration.ofHours(1),
                Duration.ofHours(1),
                Duration.ofHours(1));
        var profiles = new Profiles(List.of(profile), "default");
        var ids = new SandboxIds(secrets, random);
        var sealer = new StateSealer(secrets, random);
        return new Catalogue(profiles, new Sandboxes(profiles, ids, sealer, clock, 10), ids, clock);
    }

    private SandboxSpec spec(SecretKeys secrets, Instant expiry) {
        SandboxId id = new SandboxIds(secrets, random).issue(ALICE, "default", provider.id());
        var state = new SessionState(
                "default",
                null,
                null,
                Map.of(),
                Map.of(),
                LIMITS,
                Timeouts.DEFAULT,
                Duration.ofHours(1),
                List.of(),
                NOW);
        String sealed = new StateSealer(secrets, random).seal(state, ALICE, id);
        return new SandboxSpec(
                id.name(),
                id.text(),
                ALICE.text(),
                "default",
                null,
                null,
                Network.NONE,
                LIMITS,
                Map.of(),
                sealed,
                NOW,
                expiry);
    }

    private static SecretKeys secrets(int version) {
        var secret = new byte[SecretKeys.LENGTH];
        Arrays.fill(secret, (byte) version);
        return new SecretKeys(Map.of(version, secret));
    }
}
