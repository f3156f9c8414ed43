package dev.sandbridge.provider.local;

import static dev.sandbridge.provider.local.LocalSandboxes.await;
import static dev.sandbridge.provider.local.LocalSandboxes.command;
import static dev.sandbridge.provider.local.LocalSandboxes.run;
import static dev.sandbridge.provider.local.LocalSandboxes.sh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.Signal;
import dev.sandbridge.provider.SandboxHandle;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class LocalCommandTest {
    private static LocalSandboxes sandboxes;
    private static SandboxHandle sandbox;

    @BeforeAll
    static void create() throws IOException {
        sandboxes = new LocalSandboxes();
        sandbox = sandboxes.create();
    }

    @AfterAll
    static void remove() throws IOException {
        sandboxes.close();
    }

    @Test
    void argumentsArriveVerbatim() throws IOException {
        var argv = List.of("printf", "%s|", "a b", "", "$HOME", "'\"", "ü\n\t", "*");

        var result = run(sandbox, new Command(argv, "/workspace", Map.of(), null, false));

        assertThat(result.stdout()).isEqualTo("a b||$HOME|'\"|ü\n\t|*|");
    }

    @Test
    void eachStreamKeepsItsBytesAndItsOrder() throws IOException {
        var result = sh(sandbox, "for i in 1 2 3; do echo o$i; echo e$i >&2; done; printf '\\377\\0'");

        assertThat(result.stdout().getBytes(StandardCharsets.UTF_8)).startsWith("o1\no2\no3\n".getBytes());
        assertThat(result.stderr()).isEqualTo("e1\ne2\ne3\n");
    }

    @Test
    void exitCodesAndSignalsAreTold() throws IOException {
        assertThat(sh(sandbox, "exit 7").status()).isEqualTo(ExitStatus.exited(7));
        assertThat(sh(sandbox, "kill -TERM $$").status()).isEqualTo(ExitStatus.killed(15));
    }

    @Test
    void aProgramThatDoesNotExistIsExit127AndOneThatCannotRunIs126() throws IOException {
        var missing = run(sandbox, new Command(List.of("no-such-program"), "/workspace", Map.of(), null, false));
        assertThat(missing.code()).isEqualTo(127);
        assertThat(missing.stderr()).isEqualTo("no-such-program: not found\n");

        var directory = run(sandbox, new Command(List.of("/tmp"), "/workspace", Map.of(), null, false));
        assertThat(directory.code()).isEqualTo(126);
        assertThat(directory.stderr()).startsWith("/tmp: ");
    }

    @Test
    void aDirectoryThatDoesNotExistIsTheCallersMistake() {
        var command = new Command(List.of("true"), "/workspace/nowhere", Map.of(), null, false);

        assertThatThrownBy(() -> sandbox.start(command)).satisfies(is(ErrorCode.INVALID_REQUEST));
    }

    @Test
    void aUserThatDoesNotExistIsTheCallersMistake() {
        sandboxes.requireUsers();
        var command = new Command(List.of("true"), "/workspace", Map.of(), "nobody-of-that-name", false);

        assertThatThrownBy(() -> sandbox.start(command)).satisfies(is(ErrorCode.INVALID_REQUEST));
    }

    @Test
    void anArgumentLongerThanTheKernelTakesIsAnExitCodeAndManyAreRefused() throws IOException {
        var one = new Command(List.of("echo", "x".repeat(200_000)), "/workspace", Map.of(), null, false);
        assertThat(run(sandbox, one).code()).isEqualTo(126);

        var many = new Command(List.of("echo", "x".repeat(9 << 20)), "/workspace", Map.of(), null, false);
        assertThatThrownBy(() -> sandbox.start(many)).satisfies(is(ErrorCode.INVALID_REQUEST));
        assertThat(sh(sandbox, "echo still here").stdout()).isEqualTo("still here\n");
    }

    @Test
    void theEnvironmentIsTheCallersOverOurDefaults() throws IOException {
        var command = new Command(
                List.of("sh", "-c", "echo $A $PATH; env | wc -l"),
                "/workspace",
                Map.of("A", "1", "PATH", "/bin:/usr/bin"),
                null,
                false);

        assertThat(run(sandbox, command).stdout()).startsWith("1 /bin:/usr/bin\n");
        assertThat(sh(sandbox, "test -d \"$HOME\" && test -w \"$HOME\" && echo $LANG")
                        .stdout())
                .isEqualTo("C.UTF-8\n");
    }

    @Test
    void stdinArrivesAndEnds() throws Exception {
        var command = new Command(List.of("cat"), "/workspace", Map.of(), null, true);
        try (var running = sandbox.start(command)) {
            running.stdin().write("hello".getBytes(StandardCharsets.UTF_8));
            running.stdin().close();

            assertThat(running.stdout().readAllBytes()).asString().isEqualTo("hello");
            assertThat(running.exit().get(10, TimeUnit.SECONDS)).isEqualTo(ExitStatus.exited(0));
        }
    }

    @Test
    void withoutStdinACommandReadsTheEndAtOnceAndNobodyCanWrite() throws Exception {
        try (var running = sandbox.start(command("cat; echo end"))) {
            assertThat(running.stdout().readAllBytes()).asString().isEqualTo("end\n");
            assertThatThrownBy(() -> running.stdin().write(1)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aSignalReachesTheProcessGroup() throws Exception {
        try (var running = sandbox.start(command("trap 'echo got; exit 3' USR1; sleep 60 & wait"))) {
            await("the trap", () -> hasChild(running.pid()));
            running.signal(Signal.parse("USR1"));
            assertThat(running.exit().get(10, TimeUnit.SECONDS)).isEqualTo(ExitStatus.exited(3));
            assertThat(running.stdout().readAllBytes()).asString().isEqualTo("got\n");
            running.signal(Signal.TERM);
        }
    }

    private static boolean hasChild(int pid) {
        try {
            return sh(sandbox, "cat /proc/" + pid + "/task/*/children").stdout().matches("(?s).*\\d.*");
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }

    @Test
    void aProcessThatHidesFromItsGroupAndIgnoresTermIsGoneAfterKill() throws Exception {
        var hide = "(setsid sh -c 'trap \"\" TERM HUP INT; echo $$ > hidden; exec sleep 1000' &) ; sleep 1000";
        try (var running = sandbox.start(command(hide))) {
            await("the hidden process", () -> {
                try {
                    return !sh(sandbox, "cat hidden 2>/dev/null").stdout().isEmpty();
                } catch (IOException failed) {
                    throw new java.io.UncheckedIOException(failed);
                }
            });
            running.kill();

            assertThat(running.exit().get(1, TimeUnit.SECONDS)).isEqualTo(ExitStatus.killed(9));
            assertThat(sh(sandbox, "kill -0 $(cat hidden)").code()).isNotZero();
            running.kill();
        }
    }

    @Test
    void killWorksForAThreadThatIsInterruptedItself() throws Exception {
        try (var running = sandbox.start(command("sleep 1000"))) {
            Thread.currentThread().interrupt();
            running.kill();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(running.exit().get(10, TimeUnit.SECONDS)).isEqualTo(ExitStatus.killed(9));
        }
    }

    @Test
    void aBackgroundChildOutlivesItsCommand() throws IOException {
        sh(sandbox, "sleep 1000 & echo $! > background");

        assertThat(sh(sandbox, "kill -0 $(cat background) && kill $(cat background)")
                        .code())
                .isZero();
    }

    @Test
    void aCommandThatIsNotReadIsSlowedAndLosesNothing() throws Exception {
        try (var running = sandbox.start(command("head -c 5000000 /dev/zero"))) {
            assertThatThrownBy(() -> running.exit().get(300, TimeUnit.MILLISECONDS))
                    .isInstanceOf(java.util.concurrent.TimeoutException.class);
            assertThat(running.stdout().transferTo(OutputStream.nullOutputStream()))
                    .isEqualTo(5_000_000);
            assertThat(running.exit().get(10, TimeUnit.SECONDS)).isEqualTo(ExitStatus.exited(0));
        }
    }

    @Test
    void aTimeLimitEndsWhatRuns() throws IOException {
        var result = run(sandbox, command("echo begun; sleep 1000"), Duration.ofMillis(500));

        assertThat(result.code()).isEqualTo(ExitStatus.TIMED_OUT);
        assertThat(result.stdout()).isEqualTo("begun\n");
    }

    @Test
    void manyCommandsAtOnceDoNotMix() throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var results = threads.invokeAll(java.util.stream.IntStream.range(0, 40)
                    .<java.util.concurrent.Callable<String>>mapToObj(
                            i -> () -> sh(sandbox, "echo " + i).stdout())
                    .toList());
            for (int i = 0; i < results.size(); i++) {
                assertThat(results.get(i).get()).isEqualTo(i + "\n");
            }
        }
    }

    @Test
    void fiveHundredStartsLeaveNoDescriptorAndNoThread() throws Exception {
        sh(sandbox, "true");
        long descriptors = Pipe.openDescriptors();
        int threads = Thread.activeCount();
        for (int i = 0; i < 500; i++) {
            assertThat(sh(sandbox, "exit 0").code()).isZero();
        }

        assertThat(Pipe.openDescriptors()).isLessThanOrEqualTo(descriptors + 5);
        assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + 5);
        assertThat(sh(sandbox, "ls /proc | grep -c '^[0-9]'").stdout().strip())
                .satisfies(count -> assertThat(Integer.parseInt(count)).isLessThan(20));
    }

    @Test
    void theEndOfTheSandboxIsNeverASuccess() throws Exception {
        var other = sandboxes.create();
        try (var running = other.start(command("sleep 1000"))) {
            assertThat(sandboxes.provider.delete(other.spec().name())).isTrue();

            assertThatThrownBy(() -> running.exit().get(10, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .satisfies(is(ErrorCode.EXEC_TRANSPORT_ERROR));
            running.kill();
            running.signal(Signal.TERM);
        }
        assertThatThrownBy(() -> other.start(command("true"))).satisfies(is(ErrorCode.SANDBOX_NOT_FOUND));
    }

    private static java.util.function.Consumer<Throwable> is(ErrorCode code) {
        return failure -> assertThat(failure)
                .isInstanceOfSatisfying(SandboxException.class, known -> assertThat(known.code())
                        .isEqualTo(code));
    }
}
