package dev.sandbridge.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The session script in real shells of this machine, and the turns of a session. */
@Timeout(30)
class ShellSessionsTest {
    private static final SandboxName NAME = new SandboxName("sb-" + "a".repeat(26));

    private final ShellSessions sessions = new ShellSessions();
    private final String session = "test-" + UUID.randomUUID();

    @TempDir
    private Path home;

    @AfterEach
    void forget() throws Exception {
        run(ShellSessions.forget(session), Map.of());
        assertThat(stateFiles()).isEmpty();
    }

    private record Ran(int code, String out, String err) {}

    @Test
    void cdAndExportAndUnsetLastFromCallToCall() throws Exception {
        Files.createDirectory(home.resolve("a dir'"));

        shell("export COLOR='deep blue' GONE=1; cd \"a dir'\"");
        shell("unset GONE");

        assertThat(shell("echo \"$COLOR|${GONE-unset}|$PWD\"").out())
                .isEqualTo("deep blue|unset|" + home.toRealPath() + "/a dir'\n");
    }

    @Test
    void whatIsNotExportedAndFunctionsEndWithTheCall() throws Exception {
        shell("LOCAL=1; hello() { echo hi; }; alias ll=ls");

        assertThat(shell("echo ${LOCAL-unset}; type hello 2>/dev/null || echo none")
                        .out())
                .isEqualTo("unset\nnone\n");
    }

    @Test
    void argumentsAreQuotedExactly() throws Exception {
        var argv =
                List.of("printf", "%s|", "", "a b", "it's", "\"$HOME\"", "`id`", "\\n", "*", "ü", "two\nlines", "-n");

        Ran ran = run(ShellSessions.wrap(session, false, true, ShellSessions.quoted(argv), List.of()), Map.of());

        assertThat(ran.out()).isEqualTo("|a b|it's|\"$HOME\"|`id`|\\n|*|ü|two\nlines|-n|");
    }

    @Test
    void strangeValuesLast() throws Exception {
        String value = "line\nbreak 'single' \"double\" $x `y` \\ \t end ü";
        run(ShellSessions.wrap(session, false, true, ":", List.of("STRANGE")), Map.of("STRANGE", value));

        assertThat(shell("printf %s \"$STRANGE\"").out()).isEqualTo(value);
    }

    @Test
    void aCallsVariablesWinOverTheSessionsAndLast() throws Exception {
        shell("export WHO=session");

        Ran ran = run(ShellSessions.wrap(session, false, true, "echo $WHO", List.of("WHO")), Map.of("WHO", "call"));

        assertThat(ran.out()).isEqualTo("call\n");
        assertThat(shell("echo $WHO").out()).isEqualTo("call\n");
    }

    @Test
    void valuesOfVariablesNeverStandInTheCommandLine() {
        assertThat(ShellSessions.wrap(session, false, true, "true", List.of("SECRET")))
                .contains("SECRET");
        assertThat(ShellSessions.wrap(
                        session,
                        false,
                        true,
                        "true",
                        Map.of("SECRET", "hunter2").keySet()))
                .noneMatch(argument -> argument.contains("hunter2"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"exit 7", "(exit 7)", "false; exit 7", "sh -c 'exit 7'"})
    void theExitCodeIsTheCommands(String command) throws Exception {
        assertThat(shell("export KEPT=1; " + command).code()).isEqualTo(7);
        assertThat(shell("echo $KEPT").out()).isEqualTo("1\n");
    }

    @Test
    void aCommandThatDoesNotExistIs127() throws Exception {
        assertThat(run(ShellSessions.wrap(session, false, true, "'no-such-program'", List.of()), Map.of())
                        .code())
                .isEqualTo(127);
    }

    @Test
    void stateIsNotLostByAKillOrAnExec() throws Exception {
        shell("export KEPT=1; cd /usr");

        assertThat(shell("export LOST=1; kill -KILL $$").code()).isEqualTo(137);
        assertThat(shell("exec true").code()).isZero();

        assertThat(shell("echo $KEPT ${LOST-none} $PWD").out()).isEqualTo("1 none /usr\n");
    }

    @Test
    void stateIsNotLostWhenItCannotBeSavedAndTheCallerIsTold() throws Exception {
        shell("export KEPT=1");

        Ran ran = shell("export LOST=1; trap '' XFSZ; ulimit -f 0; exit 3");

        assertThat(ran.code()).isEqualTo(3);
        assertThat(ran.err()).contains("could not be saved");
        assertThat(shell("echo $KEPT ${LOST-none}").out()).isEqualTo("1 none\n");
        assertThat(stateFiles()).hasSize(1);
    }

    @Test
    void aSessionThatLostItsPathStillSaves() throws Exception {
        shell("export PATH=/nowhere NEW=1");

        assertThat(shell("echo $NEW $PATH").out()).isEqualTo("1 /nowhere\n");
    }

    @Test
    void aDirectoryThatIsGoneLeavesTheRestOfTheSession() throws Exception {
        shell("export KEPT=1; mkdir gone; cd gone; rmdir ../gone");

        assertThat(shell("echo $KEPT").out()).isEqualTo("1\n");
    }

    @Test
    void aCallThatOnlyVisitsLeavesNoMark() throws Exception {
        shell("export KEPT=1");

        Ran ran = run(
                ShellSessions.wrap(session, false, false, "sh -c 'echo $KEPT; export KEPT=2; cd /'", List.of()),
                Map.of());

        assertThat(ran.out()).isEqualTo("1\n");
        assertThat(shell("echo $KEPT").out()).isEqualTo("1\n");
    }

    @Test
    void aCallThatOnlyVisitsHasTheShellsPlaceWithDirectoryAndEnvironment() throws Exception {
        shell("export KEPT=1; mkdir in; cd in");
        String script = "echo $KEPT $# \"$1\" $PWD; kill -SEGV $$";
        var argv = List.of("sh", "-c", script, "sh", "it's");

        Ran ran = run(ShellSessions.wrap(session, false, false, ShellSessions.quoted(argv), List.of()), Map.of());

        assertThat(ran.out()).isEqualTo("1 1 it's " + home.toRealPath() + "/in\n");
        assertThat(ran.err()).as("no shell of ours is left to tell of it").isEmpty();
        assertThat(ran.code()).isEqualTo(139);
    }

    @Test
    void theStateIsForItsUsersEyesOnly() throws Exception {
        shell("export SECRET=1");

        assertThat(stateFiles()).singleElement().satisfies(file -> {
            assertThat((int) Files.getAttribute(file, "unix:mode") & 0077).isZero();
            assertThat((int) Files.getAttribute(file.getParent(), "unix:mode") & 0077)
                    .isZero();
        });
    }

    @Test
    void aCallWithADirectoryOfItsOwnBeginsThere() throws Exception {
        shell("export KEPT=1; cd /usr");

        Ran ran = run(ShellSessions.wrap(session, true, true, "echo $KEPT; pwd", List.of()), Map.of());

        assertThat(ran.out()).isEqualTo("1\n" + home.toRealPath() + "\n");
    }

    @Test
    void forgettingASessionStartsItAnew() throws Exception {
        shell("export KEPT=1");

        run(ShellSessions.forget(session), Map.of());

        assertThat(shell("echo ${KEPT-new}").out()).isEqualTo("new\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", ".", "-", "A.b_c-9", "_"})
    void idsOfTheContractAreAccepted(String id) {
        assertThat(ShellSessions.checked(id)).isEqualTo(id);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "..", "a..b", "a/b", "a b", "ä", "a\n", "a;b", "$x"})
    void otherIdsAreRefused(String id) {
        assertThatThrownBy(() -> ShellSessions.checked(id)).isInstanceOf(SandboxException.class);
        assertThatThrownBy(() -> ShellSessions.checked("a".repeat(129))).isInstanceOf(SandboxException.class);
    }

    @Test
    void callsOfOneSessionTakeTurnsInTheOrderTheyCame() throws Exception {
        var first = sessions.take(NAME, "s", null);
        var order = new ConcurrentLinkedQueue<Integer>();
        var done = new ArrayList<CompletableFuture<Void>>();
        for (int i = 0; i < 5; i++) {
            int number = i;
            var finished = new CompletableFuture<Void>();
            Thread waiting = Thread.ofVirtual().start(() -> {
                var turn = sessions.take(NAME, "s", null);
                order.add(number);
                turn.end();
                finished.complete(null);
            });
            while (waiting.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            done.add(finished);
        }
        assertThat(order).isEmpty();

        first.end();
        first.end();

        for (var one : done) {
            one.get(20, TimeUnit.SECONDS);
        }
        assertThat(order).containsExactly(0, 1, 2, 3, 4);
        assertThat(sessions.inUse()).isZero();
    }

    @Test
    void waitingForATurnEndsAtItsLimitAndLosesNoTurn() {
        var first = sessions.take(NAME, "s", null);

        assertThatThrownBy(() -> sessions.take(NAME, "s", Duration.ofMillis(20)))
                .isInstanceOfSatisfying(
                        SandboxException.class, late -> assertThat(late.code()).isEqualTo(ErrorCode.OPERATION_TIMEOUT));

        sessions.take(NAME, "other", Duration.ofSeconds(20)).end();
        first.end();
        sessions.take(NAME, "s", Duration.ofSeconds(20)).end();
        assertThat(sessions.inUse()).isZero();
    }

    @Test
    void anInterruptedWaitLosesNoTurn() throws Exception {
        var first = sessions.take(NAME, "s", null);
        var failure = new CompletableFuture<Throwable>();
        Thread waiting = Thread.ofVirtual().start(() -> {
            try {
                sessions.take(NAME, "s", null);
                failure.complete(new AssertionError("it got a turn"));
            } catch (SandboxException refused) {
                failure.complete(refused);
            }
        });
        while (waiting.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }

        waiting.interrupt();

        assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(SandboxException.class);
        first.end();
        sessions.take(NAME, "s", Duration.ofSeconds(20)).end();
        assertThat(sessions.inUse()).isZero();
    }

    private Ran shell(String command) throws Exception {
        return run(ShellSessions.wrap(session, false, true, command, List.of()), Map.of());
    }

    private Ran run(List<String> argv, Map<String, String> environment) throws Exception {
        var builder = new ProcessBuilder(argv).directory(home.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        var err = CompletableFuture.supplyAsync(() -> {
            try {
                return process.getErrorStream().readAllBytes();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        });
        var out = process.getInputStream().readAllBytes();
        return new Ran(process.waitFor(), new String(out, UTF_8), new String(err.get(), UTF_8));
    }

    private List<Path> stateFiles() throws IOException {
        try (Stream<Path> found = Files.find(Path.of("/tmp"), 2, (path, facts) -> path.getFileName()
                .toString()
                .startsWith(session))) {
            return found.toList();
        }
    }
}
