package dev.sandbridge.owner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Tickets.Right;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class TicketsTest {
    private static final Caller ALICE = new Caller(new OwnerId("alice"), Role.USE, "k1", "small");
    private static final Caller BOB = new Caller(new OwnerId("bob"), Role.USE, "k2", null);
    private static final Duration LIFE = Duration.ofSeconds(30);
    private static final String PAGE = "https://console.example";
    private static final Right RIGHT = new Right("sandbox-1", "main", null, null, PAGE);

    private final StandingClock clock = new StandingClock();
    private final Set<String> disabled = new HashSet<>();
    private final Tickets tickets =
            new Tickets(clock, new SecureRandom(), LIFE, caller -> !disabled.contains(caller.keyId()));

    private static final class StandingClock extends Clock {
        private Instant now = Instant.parse("2026-03-01T10:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @Test
    void aTicketLetsItsBearerInOnceAsWhoAskedForIt() {
        var issued = tickets.issue(ALICE, RIGHT);
        assertThat(issued.expiresAt()).isEqualTo(clock.now.plus(LIFE));

        assertThat(redeem(issued)).contains(ALICE);
        assertThat(redeem(issued)).isEmpty();
    }

    @Test
    void aTicketEndsWithItsLife() {
        var inTime = tickets.issue(ALICE, RIGHT);
        var late = tickets.issue(ALICE, RIGHT);
        clock.now = clock.now.plus(LIFE).minusMillis(1);
        assertThat(redeem(inTime)).contains(ALICE);
        clock.now = clock.now.plusMillis(1);
        assertThat(redeem(late)).isEmpty();
    }

    @Test
    void aTicketOpensOneTerminalOfOneSandboxFromOneOrigin() {
        var wrong = List.of(
                new Right("sandbox-2", "main", null, null, PAGE),
                new Right("sandbox-1", "other", null, null, PAGE),
                new Right("sandbox-1", null, null, null, PAGE),
                new Right("sandbox-1", "main", "bash", null, PAGE),
                new Right("sandbox-1", "main", null, "root", PAGE),
                new Right("sandbox-1", "main", null, null, "https://evil.example"),
                new Right("sandbox-1", "main", null, null, "http://console.example"),
                new Right("sandbox-1", "main", null, null, null));
        for (Right other : wrong) {
            var issued = tickets.issue(ALICE, RIGHT);
            assertThat(tickets.redeem(issued.ticket(), other))
                    .as(other.toString())
                    .isEmpty();
            assertThat(redeem(issued)).as("used up by " + other).isEmpty();
        }
    }

    @Test
    void aTicketForNoOriginAndNoNameIsForPrograms() {
        var own = new Right("sandbox-1", null, null, null, null);
        assertThat(tickets.redeem(tickets.issue(ALICE, own).ticket(), new Right("sandbox-1", null, null, null, PAGE)))
                .isEmpty();
        assertThat(tickets.redeem(tickets.issue(ALICE, own).ticket(), new Right("sandbox-1", "main", null, null, null)))
                .isEmpty();
        assertThat(tickets.redeem(tickets.issue(ALICE, own).ticket(), new Right("sandbox-1", null, null, null, null)))
                .contains(ALICE);
    }

    @Test
    void anOriginIsComparedWithoutCase() {
        var issued = tickets.issue(ALICE, new Right("sandbox-1", "main", null, null, " HTTPS://Console.Example"));
        assertThat(redeem(issued)).contains(ALICE);
    }

    @Test
    void whatIsNoTicketOpensNothingAndHarmsNone() {
        var issued = tickets.issue(ALICE, RIGHT);
        String ticket = issued.ticket();
        String other = (ticket.endsWith("A") ? "B" : "A");
        for (String guess : List.of(
                "",
                "x",
                ticket.substring(0, 16),
                ticket.substring(0, ticket.length() - 1),
                ticket + "A",
                ticket.substring(0, 16) + other + ticket.substring(17),
                ticket.substring(0, ticket.length() - 2) + other + ticket.substring(ticket.length() - 1),
                "A".repeat(59))) {
            if (!guess.equals(ticket)) {
                assertThat(tickets.redeem(guess, RIGHT)).as(guess).isEmpty();
            }
        }
        assertThat(redeem(issued)).contains(ALICE);
    }

    @Test
    void aTicketHoldsEnoughChanceAndFitsIntoASubProtocol() {
        var seen = new HashSet<String>();
        for (int i = 0; i < Tickets.MAX_PER_OWNER; i++) {
            String ticket = tickets.issue(ALICE, RIGHT).ticket();
            assertThat(ticket).matches("[A-Za-z0-9_-]{59}");
            assertThat(seen.add(ticket.substring(16))).isTrue();
        }
    }

    @Test
    void aFloodFillsOnlyItsOwnersRoomAndEnds() {
        for (int i = 0; i < Tickets.MAX_PER_OWNER; i++) {
            tickets.issue(ALICE, RIGHT);
        }
        var refused = catchThrowableOfType(SandboxException.class, () -> tickets.issue(ALICE, RIGHT));
        assertThat(refused.code()).isEqualTo(ErrorCode.CAPACITY_EXCEEDED);
        assertThat(refused.code().retry()).isEqualTo(Retry.YES);
        assertThat(redeem(tickets.issue(BOB, RIGHT))).contains(BOB);

        clock.now = clock.now.plus(LIFE);
        assertThat(redeem(tickets.issue(ALICE, RIGHT))).contains(ALICE);
    }

    @Test
    void aTicketHoldsNoEndlessNames() {
        for (var right : List.of(
                new Right("sandbox-1", "x".repeat(1025), null, null, null),
                new Right("sandbox-1", null, null, null, "x".repeat(1025)))) {
            var refused = catchThrowableOfType(SandboxException.class, () -> tickets.issue(ALICE, right));
            assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
        }
    }

    @Test
    void aTicketEndsWithTheKeyThatMadeIt() {
        var issued = tickets.issue(ALICE, RIGHT);
        disabled.add("k1");
        assertThat(redeem(issued)).isEmpty();
    }

    @Test
    void ofManyWhoShowOneTicketOneComesIn() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 50; round++) {
                var issued = tickets.issue(ALICE, RIGHT);
                List<Future<Boolean>> tries = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    tries.add(threads.submit(() -> redeem(issued).isPresent()));
                }
                int in = 0;
                for (Future<Boolean> attempt : tries) {
                    in += attempt.get() ? 1 : 0;
                }
                assertThat(in).isEqualTo(1);
            }
        }
    }

    @Test
    void theTextOfATicketIsNotPrinted() {
        var issued = tickets.issue(ALICE, RIGHT);
        assertThat(issued.toString()).doesNotContain(issued.ticket());
    }

    @Test
    void aLifeThatIsNoneOrTooLongIsRefused() {
        for (Duration life : List.of(Duration.ZERO, Duration.ofSeconds(-1), Duration.ofMinutes(11))) {
            assertThatThrownBy(() -> new Tickets(clock, new SecureRandom(), life, caller -> true))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private Optional<Caller> redeem(Tickets.Issued issued) {
        return tickets.redeem(issued.ticket(), RIGHT);
    }
}
