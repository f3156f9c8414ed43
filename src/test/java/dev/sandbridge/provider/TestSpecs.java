package dev.sandbridge.provider;

import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/** Sandboxes to make in tests. */
public final class TestSpecs {
    public static final Limits LIMITS = new Limits(512L << 20, 256, 2000, 512L << 20, 64L << 20);

    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
    private static final SecureRandom RANDOM = new SecureRandom();

    private TestSpecs() {}

    /** A sandbox that nobody has made yet. */
    public static SandboxSpec spec() {
        var name = new SandboxName("sb-" + random(26));
        Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        return new SandboxSpec(
                name,
                random(60),
                "team-a",
                "default",
                "my box",
                null,
                Network.NONE,
                LIMITS,
                Map.of("purpose", "contract", "quote", "it's \"x\" = ü\n"),
                "sealed-" + random(40),
                now,
                now.plusSeconds(600));
    }

    static SandboxSpec withImage(SandboxSpec spec, String image) {
        return new SandboxSpec(
                spec.name(),
                spec.id(),
                spec.owner(),
                spec.profile(),
                spec.alias(),
                image,
                spec.network(),
                spec.limits(),
                spec.labels(),
                spec.state(),
                spec.createdAt(),
                spec.expiresAt());
    }

    static SandboxSpec withProcesses(SandboxSpec spec, int processes) {
        Limits l = spec.limits();
        return new SandboxSpec(
                spec.name(),
                spec.id(),
                spec.owner(),
                spec.profile(),
                spec.alias(),
                spec.image(),
                spec.network(),
                new Limits(l.memoryBytes(), processes, l.cpuMillis(), l.diskBytes(), l.outputBytes()),
                spec.labels(),
                spec.state(),
                spec.createdAt(),
                spec.expiresAt());
    }

    private static String random(int length) {
        var text = new StringBuilder();
        RANDOM.ints(length, 0, ALPHABET.length()).forEach(i -> text.append(ALPHABET.charAt(i)));
        return text.toString();
    }
}
