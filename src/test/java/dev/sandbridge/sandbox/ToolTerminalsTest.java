package dev.sandbridge.sandbox;

import static dev.sandbridge.sandbox.ServiceSuite.codeOf;
import static dev.sandbridge.sandbox.ServiceSuite.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.provider.SandboxName;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which tool calls' commands stay and which go, over terminals that do nothing. */
@Timeout(60)
class ToolTerminalsTest {
    private static final SandboxName ONE = new SandboxName("sb-" + "a".repeat(26));
    private static final SandboxName TWO = new SandboxName("sb-" + "b".repeat(26));

    private final ManualClock clock = new ManualClock();
    private final List<SilentTerminal> made = new ArrayList<>();
    private ToolTerminals table = new ToolTerminals(clock, new SplittableRandom());

    @AfterEach
    void endAll() {
        table.endAll();
    }

    @Test
    @DisplayName("S161, 18.1: numbers are 1000 to 99999, at random, and none is given twice")
    void numbersAreRandomAndUnused() {
        var ids = new HashSet<Integer>();
        for (int i = 0; i < ToolTerminals.MOST; i++) {
            ids.add(open(ONE).id());
        }
        assertThat(ids).hasSize(ToolTerminals.MOST).allMatch(id -> id >= 1000 && id <= 99_999);

        table.endAll();
        Iterator<Integer> numbers = Arrays.asList(0, 0, 0, 98_999).iterator();
        table = new ToolTerminals(clock, new RandomGenerator() {
            @Override
            public int nextInt(int from, int to) {
                int number = from + numbers.next();
                assertThat(number).isLessThan(to);
                return number;
            }

            @Override
            public long nextLong() {
                throw new AssertionError("not asked for");
            }
        });
        assertThat(open(ONE).id()).isEqualTo(1000);
        assertThat(open(ONE).id()).isEqualTo(99_999);
    }

    @Test
    @DisplayName("B118, 18.3: with 64 open the longest unused that has ended goes, else the longest unused")
    void theLongestUnusedGoes() throws Exception {
        List<Integer> ids = full();
        assertThat(known(ids)).isEqualTo(64);
        table.use(ONE, ids.get(0));
        end(5);
        end(7);

        open(ONE);
        assertThat(missing(ids)).containsExactly(ids.get(5));
        open(ONE);
        assertThat(missing(ids)).containsExactly(ids.get(5), ids.get(7));
        assertThat(made.get(1).isKilled()).isFalse();
        open(ONE);
        assertThat(missing(ids)).containsExactly(ids.get(1), ids.get(5), ids.get(7));
        assertThat(made.get(1).isKilled()).isTrue();
        assertThat(made.get(0).isKilled()).isFalse();
        assertThat(table.list(ONE)).hasSize(64);
    }

    @Test
    @DisplayName("S161, 18.3: the 8 most recently used stay, though they have ended")
    void theMostRecentlyUsedStay() throws Exception {
        List<Integer> ids = full();
        for (int i = 56; i < 64; i++) {
            end(i);
        }
        open(ONE);
        assertThat(missing(ids)).containsExactly(ids.get(0));
        assertThat(made.get(0).isKilled()).isTrue();
        open(ONE);
        assertThat(missing(ids))
                .as("the oldest that has ended is not protected any more")
                .containsExactly(ids.get(0), ids.get(56));
    }

    @Test
    void asManyAreOpenAsAreTold() {
        for (int i = 1; i <= ToolTerminals.MOST; i++) {
            assertThat(open(ONE).open()).isEqualTo(i);
        }
        assertThat(open(ONE).open()).isEqualTo(ToolTerminals.MOST);
        assertThat(open(TWO).open()).isEqualTo(1);
    }

    @Test
    void whatNobodyAsksForEndsWithTheIdleTime() {
        int old = open(ONE).id();
        int used = open(ONE).id();
        clock.advance(Duration.ofMinutes(10));
        int young = open(TWO).id();
        table.use(ONE, used);
        clock.advance(Duration.ofMinutes(50));

        assertThat(table.endIdle(Duration.ofHours(1))).isEqualTo(1);
        assertThat(made.get(0).isKilled()).isTrue();
        assertThat(made.get(0).isClosed()).isTrue();
        assertThat(codeOf(() -> table.use(ONE, old))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
        table.use(ONE, used);
        table.use(TWO, young);
    }

    @Test
    void endingOneKillsItAndForgetsItsNumber() {
        int id = open(ONE).id();
        assertThat(codeOf(() -> table.end(TWO, id))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
        table.end(ONE, id);
        assertThat(made.get(0).isKilled()).isTrue();
        assertThat(codeOf(() -> table.end(ONE, id))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
    }

    @Test
    void aDeletedSandboxTakesItsOwnAlongAndWhatIsJustBeingOpened() {
        int mine = open(ONE).id();
        int other = open(TWO).id();
        assertThat(codeOf(() -> table.open(ONE, () -> {
                    ToolTerminal fresh = terminal();
                    table.forgetAll(ONE);
                    return fresh;
                })))
                .isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(made.get(0).isClosed()).isTrue();
        assertThat(made.get(2).isClosed()).isTrue();
        assertThat(codeOf(() -> table.use(ONE, mine))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
        table.use(TWO, other);
        assertThat(open(ONE).open()).isEqualTo(1);
    }

    @Test
    void whatCannotBeTypedIsAFailureUnlessTheCommandHasEnded() throws Exception {
        ToolTerminal terminal = open(ONE).terminal();
        terminal.type("a");
        made.getFirst().breakInput();
        assertThat(codeOf(() -> {
                    try {
                        terminal.type("b");
                    } catch (IOException interrupted) {
                        throw new AssertionError(interrupted);
                    }
                }))
                .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR);
        end(0);
        terminal.type("c");
    }

    @Test
    void stoppingEndsEverything() {
        open(ONE);
        open(TWO);
        table.endAll();
        assertThat(made).allMatch(SilentTerminal::isKilled).allMatch(SilentTerminal::isClosed);
        assertThat(table.list(ONE)).isEmpty();
    }

    private ToolTerminals.Opened open(SandboxName sandbox) {
        return table.open(sandbox, this::terminal);
    }

    private ToolTerminal terminal() {
        var silent = new SilentTerminal();
        made.add(silent);
        return new ToolTerminal(silent, true, clock, new MemoryBudget(0));
    }

    private List<Integer> full() {
        var ids = new ArrayList<Integer>();
        for (int i = 0; i < ToolTerminals.MOST; i++) {
            ids.add(open(ONE).id());
        }
        return ids;
    }

    private void end(int index) throws Exception {
        assertThat(table.list(ONE)).anyMatch(ToolProcess::running);
        made.get(index).end(0);
        eventually(
                "the end is seen",
                () -> table.list(ONE).stream().filter(ToolProcess::running).count()
                        == made.stream()
                                .filter(terminal -> !terminal.exit().isDone())
                                .count());
    }

    private int known(List<Integer> ids) {
        return ids.size() - missing(ids).size();
    }

    private List<Integer> missing(List<Integer> ids) {
        var open = table.list(ONE).stream().map(ToolProcess::id).toList();
        return ids.stream().filter(id -> !open.contains(id)).toList();
    }
}
