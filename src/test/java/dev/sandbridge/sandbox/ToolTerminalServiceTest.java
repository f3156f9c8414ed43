package dev.sandbridge.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.TerminalSize;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Tool calls' commands on plain pipes, over real processes. */
class ToolTerminalServiceTest extends ServiceSuite {
    private static final ToolWait SHORT = new ToolWait(Duration.ofMillis(250), null);
    private static final ToolWait LONG = new ToolWait(Duration.ofSeconds(20), null);

    @Test
    @DisplayName("18.4, B117: an ended command is answered at once, with its code, and has no number any more")
    void anEndedCommandIsAnsweredAtOnce() {
        var sandbox = ref(make());
        var answer = start(sandbox, "echo out; echo err >&2; exit 3", LONG);
        assertThat(answer.output()).isEqualTo("out\nerr\n");
        assertThat(answer.status()).isEqualTo(ExitStatus.exited(3));
        assertThat(answer.processId()).isNull();
        assertThat(answer.originalTokens()).isNull();
        assertThat(answer.dropped()).isZero();
        assertThat(answer.wallTime()).isPositive().isLessThan(LONG.yield());
        assertThat(service.toolTerminals().list(ALICE, sandbox)).isEmpty();
    }

    @Test
    @DisplayName("trap 29: the wait ends the call, not the command; a later call has the rest and the code")
    void theWaitIsNotALimit() {
        var sandbox = ref(make());
        int id =
                begin(sandbox, shell("echo begin; until [ -e go ]; do sleep 0.05; done; echo done; exit 4"), "begin\n");
        assertThat(service.toolTerminals().list(ALICE, sandbox))
                .singleElement()
                .matches(process -> process.id() == id && process.running() && !process.tty());

        write(sandbox, "go", "");
        var ended = poll(sandbox, id, LONG);
        assertThat(ended.output()).isEqualTo("done\n");
        assertThat(ended.status()).isEqualTo(ExitStatus.exited(4));
        assertThat(ended.processId()).isNull();
        assertThat(codeOf(() -> poll(sandbox, id, SHORT))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
    }

    @Test
    @DisplayName("18.4, S162: a pause of the output ends no wait")
    void aPauseEndsNoWait() {
        var sandbox = ref(make());
        var wait = new ToolWait(Duration.ofSeconds(4), null);
        var answer = start(sandbox, "echo a; sleep 0.2; echo b; exec sleep 60", wait);
        assertThat(answer.output()).isEqualTo("a\nb\n");
        assertThat(answer.wallTime()).isGreaterThanOrEqualTo(wait.yield());
    }

    @Test
    @DisplayName("18.2: a call that types nothing waits for 5 s, unless the command ends")
    void anEmptyPollWaitsLonger() {
        var sandbox = ref(make());
        int id = id(start(sandbox, "exec sleep 60", SHORT));
        assertThat(poll(sandbox, id, SHORT).wallTime()).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(25));
    }

    @Test
    @DisplayName("trap 33, B123: a character whose bytes come in two waits is whole in the second answer")
    void noCharacterIsSplit() {
        var sandbox = ref(make());
        int id = begin(
                sandbox, shell("printf 'x\\342\\202'; until [ -e go ]; do sleep 0.05; done; printf '\\254\\303'"), "x");
        write(sandbox, "go", "");
        var second = poll(sandbox, id, LONG);
        assertThat(second.output())
                .as("what never became whole is told at the end")
                .isEqualTo("€\uFFFD");
        assertThat(second.status()).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    @DisplayName("23.2: typing into a command without input fails with the exact text; looking does not")
    void aCommandOnPipesTakesNoInput() {
        var sandbox = ref(make());
        int id = id(start(sandbox, "cat; exec sleep 60", SHORT));
        var refused = catchThrowableOfType(SandboxException.class, () -> service.toolTerminals()
                .write(ALICE, sandbox, id, "x", SHORT, () -> false));
        assertThat(refused.code()).isEqualTo(ErrorCode.CONFLICT);
        assertThat(refused).hasMessage("stdin is not available for this process");
        assertThat(service.toolTerminals().list(ALICE, sandbox)).hasSize(1);
    }

    @Test
    @DisplayName("18.4, trap 11: on a terminal, what is typed reaches the program, and its end and code are known")
    void aTerminalIsTypedInto() {
        var sandbox = ref(make());
        int id = begin(sandbox, onTerminal("stty size; read line; echo \"got $line\"; exit 6"), "30 100\r\n");
        var ended = type(sandbox, id, "hello\n");
        assertThat(ended.output()).isEqualTo("hello\r\ngot hello\r\n");
        assertThat(ended.status()).isEqualTo(ExitStatus.exited(6));
        assertThat(ended.processId()).isNull();
    }

    @Test
    void aTerminalsProgramIsInterrupted() {
        var sandbox = ref(make());
        int id = begin(sandbox, onTerminal("echo up; exec sleep 60"), "up\r\n");
        assertThat(type(sandbox, id, "\u0003").status()).isEqualTo(ExitStatus.killed(2));
    }

    @Test
    void typingToACommandThatHasEndedTellsItsEnd() throws Exception {
        var sandbox = ref(make());
        int id = id(start(sandbox, onTerminal("read line; exit 7"), SHORT));
        assertThat(service.toolTerminals()
                        .write(ALICE, sandbox, id, "\n", LONG, () -> true)
                        .processId())
                .isEqualTo(id);
        var ended = type(sandbox, id, "too late\n");
        assertThat(ended.status()).isEqualTo(ExitStatus.exited(7));
        assertThat(ended.wallTime()).isLessThan(LONG.yield());
    }

    @Test
    void bothOutputsComeInTheOrderInWhichTheyWereWritten() {
        var sandbox = ref(make());
        var answer = start(sandbox, "for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done", LONG);
        var expected = new StringBuilder();
        for (int i = 1; i < 10; i++) {
            expected.append("o").append(i).append("\ne").append(i).append('\n');
        }
        assertThat(answer.output()).isEqualTo(expected.toString());
    }

    @Test
    @DisplayName("B121, 18.5: output is cut to so many tokens and the original's number is told")
    void outputIsCutToTokens() {
        var sandbox = ref(make());
        var answer = start(sandbox, "seq 1 1000", new ToolWait(Duration.ofSeconds(20), 10));
        assertThat(answer.output().getBytes(UTF_8)).hasSizeLessThanOrEqualTo(40);
        assertThat(answer.output()).contains(" tokens truncated…");
        assertThat(answer.originalTokens()).isEqualTo((3893 + 3) / 4);
    }

    @Test
    void whatIsTooMuchToKeepIsTold() {
        var sandbox = ref(make());
        int bytes = 3 << 20;
        var answer = start(sandbox, "head -c " + bytes + " /dev/zero | tr '\\0' x; echo end", LONG);
        assertThat(answer.output().endsWith("xend\n")).isTrue();
        assertThat(answer.output().length()).isLessThanOrEqualTo(ToolTerminal.KEPT);
        assertThat(answer.dropped()).isPositive();
        assertThat(answer.dropped() + answer.output().length()).isEqualTo(bytes + 4);
    }

    @Test
    void anAnswerThatNobodyTakesIsKeptForTheNext() {
        var sandbox = ref(make());
        int id = id(service.toolTerminals().start(ALICE, sandbox, shell("echo kept; exit 5"), LONG, () -> true));
        var answer = poll(sandbox, id, LONG);
        assertThat(answer.output()).isEqualTo("kept\n");
        assertThat(answer.status()).isEqualTo(ExitStatus.exited(5));
    }

    @Test
    void aCommandThatIsKilledTellsTheSignal() {
        var sandbox = ref(make());
        assertThat(start(sandbox, "kill -9 $$", LONG).status()).isEqualTo(ExitStatus.killed(9));
    }

    @Test
    void aBackgroundChildDoesNotHoldTheAnswer() {
        var sandbox = ref(make());
        var answer = start(sandbox, "sleep 60 & echo started", LONG);
        assertThat(answer.output()).isEqualTo("started\n");
        assertThat(answer.status()).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    @DisplayName("B119, 18.1: from the 60th open command on there is a warning")
    void thereIsAWarningFromSixtyOn() throws Exception {
        var sandbox = ref(make());
        List<CompletableFuture<ToolAnswer>> starts = new ArrayList<>();
        for (int i = 0; i < ToolTerminals.WARNING; i++) {
            starts.add(async(() -> start(sandbox, "exec sleep 60", SHORT)));
        }
        int warned = 0;
        for (var start : starts) {
            warned += start.get().warning() == null ? 0 : 1;
        }
        assertThat(warned).isEqualTo(1);
        service.toolTerminals().endAll(ALICE, sandbox);
        assertThat(service.toolTerminals().list(ALICE, sandbox)).isEmpty();
    }

    @Test
    void whatIsEndedIsGoneFromTheSandbox() {
        var sandbox = ref(make());
        int one = begin(sandbox, shell("echo $$ > one; echo up; exec sleep 61"), "up\n");
        begin(sandbox, shell("echo $$ > two; echo up; exec sleep 62"), "up\n");
        service.toolTerminals().end(ALICE, sandbox, one);
        assertThat(alive(sandbox, "one")).isEqualTo("no");
        assertThat(alive(sandbox, "two")).isEqualTo("yes");
        service.toolTerminals().endAll(ALICE, sandbox);
        assertThat(alive(sandbox, "two")).isEqualTo("no");
        assertThat(codeOf(() -> service.toolTerminals().end(ALICE, sandbox, one)))
                .isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
        service.toolTerminals().endAll(ALICE, sandbox);
    }

    @Test
    void whatNobodyAsksForEnds() {
        var sandbox = ref(make());
        int id = begin(sandbox, shell("echo $$ > pid; echo up; exec sleep 61"), "up\n");
        assertThat(service.toolTerminals().endIdle(Duration.ofHours(1))).isZero();
        clock.advance(Duration.ofHours(1));
        assertThat(service.toolTerminals().endIdle(Duration.ofHours(1))).isEqualTo(1);
        assertThat(alive(sandbox, "pid")).isEqualTo("no");
        assertThat(codeOf(() -> poll(sandbox, id, SHORT))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
    }

    @Test
    void aDeletedSandboxAnswersAndForgetsItsCommands() throws Exception {
        var sandbox = ref(make());
        int id = id(start(sandbox, "exec sleep 61", SHORT));
        var waiting = async(() -> poll(sandbox, id, LONG));
        eventually("the call waits", () -> !waiting.isDone());
        service.delete(ALICE, sandbox);
        soon(waiting.handle((answer, failure) -> failure == null ? answer.status() : failure));
        sh(sandbox, "true");
        assertThat(service.toolTerminals().list(ALICE, sandbox)).isEmpty();
        assertThat(codeOf(() -> poll(sandbox, id, SHORT))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
    }

    @Test
    void aStoppingServiceEndsThem() {
        var sandbox = ref(make());
        begin(sandbox, shell("echo $$ > pid; echo up; exec sleep 61"), "up\n");
        long pid = Long.parseLong(read(sandbox, "pid").strip());
        assertThat(ProcessHandle.of(pid)).isPresent();
        service.close();
        assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    }

    @Test
    void nobodyElseGetsAtThem() {
        var view = make();
        var sandbox = ref(view);
        int id = id(start(sandbox, "exec sleep 61", SHORT));
        assertThat(codeOf(() -> service.toolTerminals().list(BOB, sandbox))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(codeOf(() -> service.toolTerminals().write(BOB, sandbox, id, "", SHORT, () -> false)))
                .isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        assertThat(codeOf(() -> service.toolTerminals().end(ADMIN, sandbox, id)))
                .isEqualTo(ErrorCode.FORBIDDEN);
        assertThat(codeOf(() -> service.toolTerminals().check(BOB, sandbox))).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND);
        var another = ref(make());
        assertThat(codeOf(() -> poll(another, id, SHORT))).isEqualTo(ErrorCode.PROCESS_NOT_FOUND);
    }

    private ToolAnswer start(SandboxRef sandbox, String script, ToolWait wait) {
        return service.toolTerminals().start(ALICE, sandbox, shell(script), wait, () -> false);
    }

    private ToolAnswer start(SandboxRef sandbox, ToolCall call, ToolWait wait) {
        return service.toolTerminals().start(ALICE, sandbox, call, wait, () -> false);
    }

    /** Starts a command and asks until it has shown just this; its number. */
    private int begin(SandboxRef sandbox, ToolCall call, String expected) {
        var answer = start(sandbox, call, SHORT);
        var seen = new StringBuilder(answer.output());
        while (!seen.toString().equals(expected)) {
            assertThat(expected).startsWith(seen.toString());
            answer = poll(sandbox, id(answer), SHORT);
            seen.append(answer.output());
        }
        return id(answer);
    }

    private ToolAnswer type(SandboxRef sandbox, int id, String text) {
        return service.toolTerminals().write(ALICE, sandbox, id, text, LONG, () -> false);
    }

    private static ToolCall onTerminal(String script) {
        return new ToolCall(script(script), true, new TerminalSize(100, 30));
    }

    private ToolAnswer poll(SandboxRef sandbox, int id, ToolWait wait) {
        return service.toolTerminals().write(ALICE, sandbox, id, "", wait, () -> false);
    }

    private static ToolCall shell(String script) {
        return new ToolCall(script(script), false, TerminalSize.DEFAULT);
    }

    private static int id(ToolAnswer answer) {
        @Nullable Integer id = answer.processId();
        return Objects.requireNonNull(id, answer.toString());
    }

    private String alive(SandboxRef sandbox, String pidFile) {
        return sh(sandbox, "if kill -0 $(cat " + pidFile + ") 2>/dev/null; then echo yes; else echo no; fi")
                .strip();
    }
}
