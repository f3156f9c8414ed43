package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.process.Signal;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.TestSpecs;
import dev.sandbridge.workspace.WorkspacePath;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing of a command goes on once it was killed, or once nobody can hear of it any more. */
class EndingTest extends VendorSuite {
    private final SandboxSpec spec = TestSpecs.spec();
    private SandboxHandle sandbox;

    @BeforeEach
    void make() {
        sandbox = provider.create(spec);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ulimit -S -w 5; echo up; exec sleep 300",
                "ulimit -w 5; echo up; sleep 300; sleep 300",
                "ulimit -w 5; (trap '' TERM; setsid setsid -w sleep 300) & echo up; sleep 300",
                "(ulimit -S -w 5; exec setsid -f sleep 300); echo up; sleep 300"
            })
    void whatChangesItsLimitsIsKilledToo(String text) throws Exception {
        try (RunningCommand running = sandbox.start(script(text))) {
            assertThat(running.stdout().read()).isEqualTo('u');

            running.kill();

            assertThat(running.exit().get(20, TimeUnit.SECONDS)).isEqualTo(ExitStatus.killed(9));
            nothingRuns();
        }
    }

    @Test
    void whatChangesItsLimitsHearsSignals() throws Exception {
        try (RunningCommand running = sandbox.start(script("ulimit -S -w 5; echo up; exec sleep 300"))) {
            assertThat(running.stdout().read()).isEqualTo('u');

            running.signal(Signal.TERM);

            assertThat(running.exit().get(20, TimeUnit.SECONDS)).isEqualTo(ExitStatus.killed(15));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dash", "bash"})
    void onlyTheSessionThatWasTheCommandsIsEnded(String shell) throws Exception {
        try (RunningCommand running = sandbox.start(script("setsid -f sleep 300; echo up; sleep 300; sleep 300"))) {
            assertThat(running.stdout().read()).isEqualTo('u');
            String[] facts = Files.readString(Path.of("/proc/" + running.pid() + "/stat"))
                    .split(" ");
            String early = Long.toString(Long.parseLong(facts[21]) - 1);

            assertThat(ended(shell, new Words.Leader(running.pid(), early))).isEqualTo("ok");
            assertThat(catchThrowable(() -> running.exit().get(300, TimeUnit.MILLISECONDS)))
                    .isInstanceOf(java.util.concurrent.TimeoutException.class);

            assertThat(ended(shell, new Words.Leader(running.pid(), facts[21]))).isEqualTo("ok");
            assertThat(running.exit().get(20, TimeUnit.SECONDS)).isEqualTo(ExitStatus.killed(9));
            assertThat(vendor.hasProcesses(spec.name().text()))
                    .as("what has left the session carries the tag only")
                    .isTrue();
            running.kill();
            nothingRuns();
        }
    }

    @Test
    void aKillThatFailsIsToldAndTriedOnWithoutItsCaller() throws Exception {
        try (RunningCommand running = sandbox.start(script("echo up; exec sleep 300"))) {
            assertThat(running.stdout().read()).isEqualTo('u');
            vendor.fault(request("POST", "/process"), 2, exchange -> exchange.error(500, "no more processes"));

            assertThat(failure(running::kill).text()).contains("500");

            nothingRuns();
        }
    }

    @Test
    void aStartThatIsInterruptedIsEndedAlsoWhenItArrivesLate() throws Exception {
        int before = vendor.startedProcesses().size();
        var asked = new CompletableFuture<Boolean>();
        var arrives = new CompletableFuture<Boolean>();
        vendor.fault(request("POST", "/process"), 1, exchange -> {
            asked.complete(true);
            arrives.join();
        });
        CompletableFuture<Throwable> told = interrupted(asked, script("sleep 300"));

        assertThat(told.get()).isInstanceOfSatisfying(SandboxException.class, failed -> assertThat(failed.code())
                .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR));
        eventually("it was looked for in vain", () -> sent("(GET|DELETE)", "/process/.*") > 0);
        arrives.complete(true);

        eventually("it has begun", () -> vendor.startedProcesses().size() > before);
        nothingRuns();
    }

    @Test
    void aStartThatIsInterruptedEndsTheCommandAndNotOnlyItsRunner() throws Exception {
        vendor.resetAfterStarts(1);
        var asked = new CompletableFuture<Boolean>();
        var over = new CompletableFuture<Boolean>();
        vendor.fault(request("GET", "/process/.*"), 1, exchange -> {
            asked.complete(true);
            over.join();
        });
        var begun = asked.thenAcceptAsync(yes -> awaitFile("up"));
        try {
            CompletableFuture<Throwable> told = interrupted(begun, script("touch up; exec sleep 300"));

            assertThat(told.get()).isInstanceOfSatisfying(SandboxException.class, failed -> assertThat(failed.code())
                    .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR));
            nothingRuns();
            eventually(
                    "its output is removed",
                    () -> output(sandbox, "ls /tmp/.sandbridge | wc -l").strip().equals("1"));
        } finally {
            over.complete(true);
        }
    }

    @Test
    void aCommandWhoseRunnerWasKilledEndsToo() throws Exception {
        try (RunningCommand running = sandbox.start(script("exec sleep 300"))) {
            String runner = vendor.startedProcesses().getLast();
            Objects.requireNonNull(vendor.sandboxes().getFirst().processes().get(runner))
                    .signal("KILL");

            assertThat(catchThrowable(() -> running.exit().get(20, TimeUnit.SECONDS)))
                    .hasCauseInstanceOf(SandboxException.class);

            nothingRuns();
        }
    }

    @Test
    void whatCannotBeKilledIsAFailure() throws Exception {
        try (RunningCommand running = sandbox.start(script("ulimit -w 7001; echo up; exec sleep 300"))) {
            assertThat(running.stdout().read()).isEqualTo('u');
            String text = Shell.set("_sb_tag", "7001") + Shell.set("_sb_patience", "1") + Shell.KILL;
            var weak = List.of("setpriv", "--reuid=65534", "--clear-groups", "sh", "-c", text);
            try (RunningCommand killer = sandbox.start(new Command(weak, WorkspacePath.ROOT, Map.of(), null, false))) {
                assertThat(killer.exit().get(20, TimeUnit.SECONDS)).isEqualTo(ExitStatus.exited(1));
                assertThat(killer.stdout().readAllBytes()).isEmpty();
            }
            assertThat(running.exit()).isNotDone();
            running.kill();
            nothingRuns();
        }
    }

    private void nothingRuns() throws Exception {
        eventually("nothing of it runs", () -> !vendor.hasProcesses(spec.name().text()));
    }

    private void awaitFile(String name) {
        Path file = vendor.sandboxes().getFirst().root().resolve("workspace").resolve(name);
        try {
            eventually(name + " is there", () -> Files.exists(file));
        } catch (Exception late) {
            throw new IllegalStateException(late);
        }
    }

    /** Starts it on a thread that is interrupted then; what that thread hears. */
    private CompletableFuture<Throwable> interrupted(CompletableFuture<?> then, Command command) throws Exception {
        var told = new CompletableFuture<Throwable>();
        Thread starting = Thread.ofVirtual().start(() -> {
            try {
                sandbox.start(command);
                told.complete(new AssertionError("it was started"));
            } catch (RuntimeException failed) {
                told.complete(failed);
            }
        });
        then.get(20, TimeUnit.SECONDS);
        starting.interrupt();
        return told;
    }

    /** What our script says that ends a command with a tag that nothing carries. */
    private String ended(String shell, Words.Leader leader) throws Exception {
        String text = Shell.set("_sb_tag", "7") + leader.text() + Shell.KILL;
        var command = new Command(List.of(shell, "-c", text), WorkspacePath.ROOT, Map.of(), null, false);
        try (RunningCommand running = sandbox.start(command)) {
            return new String(running.stdout().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }
}
