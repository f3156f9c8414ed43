package dev.sandbridge.owner;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One-use rights to open one terminal, for those who must not hold a key: a web page gets one from whoever has the key.
 * In memory and hashed; a restart forgets them. Thread-safe.
 */
public final class Tickets {
    /** How many an owner may have open at once. */
    public static final int MAX_PER_OWNER = 256;

    /** What lives longer is a key. */
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private static final int LONGEST_RIGHT = 1024;
    private static final int NAME_BYTES = 12;
    private static final int NAME_LENGTH = 16;
    private static final int SECRET_BYTES = 32;

    private final Clock clock;
    private final SecureRandom random;
    private final Duration life;
    private final Predicate<Caller> stillValid;
    private final Map<String, Open> byName = new HashMap<>();

    /**
     * What a ticket opens, and only that.
     *
     * @param sandboxId as the path names it
     * @param session the name of the terminal, or null for one without
     * @param shell the program that is asked for, by which a terminal without a session is shared; or null
     * @param user that the shell runs as, or null for the standard
     * @param origin of the web page that may use it, compared without case; null for programs, which send none
     */
    public record Right(
            String sandboxId,
            @Nullable String session,
            @Nullable String shell,
            @Nullable String user,
            @Nullable String origin) {
        public Right {
            origin = origin == null ? null : origin.strip().toLowerCase(Locale.ROOT);
        }

        private int size() {
            return sandboxId.length() + length(session) + length(shell) + length(user) + length(origin);
        }

        private static int length(@Nullable String text) {
            return text == null ? 0 : text.length();
        }
    }

    /** A ticket that has been made. Its text is told once and never logged. */
    public record Issued(String ticket, Instant expiresAt) {
        @Override
        public String toString() {
            return "Issued[" + expiresAt + "]";
        }
    }

    private record Open(byte[] hash, Caller caller, Right right, Instant expiresAt) {}

    /**
     * @param life of a ticket that nobody uses
     * @param stillValid whether who asked for a ticket may still come in: a key may be disabled meanwhile
     */
    public Tickets(Clock clock, SecureRandom random, Duration life, Predicate<Caller> stillValid) {
        if (!life.isPositive() || life.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("a ticket lives for more than no time and at most " + LONGEST);
        }
        this.clock = clock;
        this.random = random;
        this.life = life;
        this.stillValid = stillValid;
    }

    /**
     * Makes a ticket with which its bearer is this caller, once. Letters, digits, dash and underscore: it fits into a
     * header, a path and a WebSocket sub-protocol.
     *
     * @throws SandboxException INVALID_REQUEST if it would be for something with an endless name; CAPACITY_EXCEEDED
     *     when the owner has too many open
     */
    public Issued issue(Caller caller, Right right) {
        if (right.size() > LONGEST_RIGHT) {
            throw new SandboxException(
                    ErrorCode.INVALID_REQUEST,
                    "session, shell, user and origin have at most " + LONGEST_RIGHT + " characters");
        }
        String name = text(NAME_BYTES);
        String ticket = name + text(SECRET_BYTES);
        Instant now = clock.instant();
        var open = new Open(StoredKey.hash(ticket), caller, right, now.plus(life));
        synchronized (byName) {
            byName.values().removeIf(old -> !now.isBefore(old.expiresAt()));
            long own = byName.values().stream()
                    .filter(other -> other.caller().owner().equals(caller.owner()))
                    .count();
            if (own >= MAX_PER_OWNER) {
                throw new SandboxException(ErrorCode.CAPACITY_EXCEEDED, "too many tickets are open")
                        .action("use them, or try again in " + life.toSeconds() + " s");
            }
            byName.put(name, open);
        }
        return new Issued(ticket, open.expiresAt());
    }

    /**
     * Takes a ticket: whoever shows it is this caller. It is gone afterwards, also when it was shown at the wrong door.
     *
     * @param shown what the request would open
     * @return empty if it is unknown, used, too old or for something else; which, nobody is told
     */
    public Optional<Caller> redeem(String ticket, Right shown) {
        if (ticket.length() <= NAME_LENGTH) {
            return Optional.empty();
        }
        byte[] hash = StoredKey.hash(ticket);
        Open open = take(ticket.substring(0, NAME_LENGTH), hash);
        boolean good = open != null
                && clock.instant().isBefore(open.expiresAt())
                && open.right().equals(shown)
                && stillValid.test(open.caller());
        return good ? Optional.of(requireNonNull(open).caller()) : Optional.empty();
    }

    /** Whether who came in by a ticket or key may stay: a key may be disabled meanwhile. */
    public boolean admits(Caller caller) {
        return stillValid.test(caller);
    }

    /** The name before the secret only finds a ticket; whether it is the one is decided in constant time. */
    private @Nullable Open take(String name, byte[] hash) {
        synchronized (byName) {
            Open open = byName.get(name);
            if (open == null || !MessageDigest.isEqual(open.hash(), hash)) {
                return null;
            }
            byName.remove(name);
            return open;
        }
    }

    private String text(int bytes) {
        var chance = new byte[bytes];
        random.nextBytes(chance);
        return new String(Base64.getUrlEncoder().withoutPadding().encode(chance), UTF_8);
    }
}
