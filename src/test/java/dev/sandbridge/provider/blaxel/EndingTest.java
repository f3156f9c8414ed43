package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing of a command goes on once it was killed. */
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

    /** What our script says that ends a command with a tag that nothing carries. */
    private String ended(String shell, Words.Leader leader) throws Exception {
        String text = Shell.set("_sb_tag", "7") + leader.text() + Shell.KILL;
        var command = new Command(List.of(shell, "-c", text), WorkspacePath.ROOT, Map.of(), null, false);
        try (RunningCommand running = sandbox.start(command)) {
            return new String(running.stdout().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }
}
