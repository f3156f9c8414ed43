package dev.sandbridge.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.Signal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Every testable sentence of {@link SandboxProvider} and of {@link SandboxHandle} as a record of a sandbox. An
 * implementation is held by these as well: commands in {@link CommandContract}, {@link CommandEndContract} and {@link
 * OutputContract}, files in {@link FileReadingContract}, {@link FileWritingContract} and {@link FileTreeContract}.
 */
public abstract class SandboxProviderContract extends ContractSuite {
    @Test
    void idIsAStableShortName() {
        assertThat(provider().id())
                .matches("[a-z0-9-]{1,12}")
                .isEqualTo(provider().id());
    }

    @Test
    void reportTellsWhatThisProviderHolds() {
        ProviderReport report = provider().report();

        assertThat(report.provider()).isEqualTo(provider().id());
        assertThat(report.unavailable()).isNull();
        assertThat(report.guarantees()).isNotEmpty().allSatisfy(guarantee -> {
            assertThat(guarantee.subject()).isNotBlank();
            assertThat(guarantee.how()).isNotBlank();
        });
        assertThat(report.guarantees())
                .extracting(ProviderReport.Guarantee::subject)
                .doesNotHaveDuplicates();
    }

    @Test
    void createMakesASandboxThatIsReadyForCommands() {
        assertThat(sh(make(), "echo ready")).isEqualTo("ready\n");
    }

    @Test
    void createMakesAnEmptyWorkspace() {
        assertThat(names(make(), "/workspace")).isEmpty();
    }

    @Test
    void createLeavesNothingBehindWhenItFails() {
        var spec = cleanedUp(TestSpecs.spec());

        assertThat(catchThrowable(() -> provider().create(TestSpecs.withImage(spec, "/no/such/image"))))
                .isInstanceOf(SandboxException.class);

        assertThat(provider().find(spec.name())).isEmpty();
        assertThat(provider().list()).extracting(SandboxSpec::name).doesNotContain(spec.name());
        assertThat(bed().hasProcesses(spec.name())).isFalse();
        assertThat(sh(provider().create(spec), "echo again")).isEqualTo("again\n");
    }

    @Test
    void createIsAConflictIfTheNameIsTakenAndLeavesTheSandboxAsItIs() {
        var spec = TestSpecs.spec();
        var first = make(spec);
        write(first, "kept", "mine");
        var running = start(first, command("sleep", "300"));

        assertThat(codeOf(() -> provider().create(spec.with(Map.of(), "other", spec.expiresAt()))))
                .isEqualTo(ErrorCode.CONFLICT);

        assertThat(running.exit()).isNotDone();
        assertThat(read(first, "kept")).isEqualTo("mine");
        assertThat(provider().find(spec.name()).orElseThrow().spec()).isEqualTo(spec);
    }

    @Test
    void ofManyCreatesOfOneNameAtOnceOneSucceeds() throws Exception {
        var spec = cleanedUp(TestSpecs.spec());

        var outcomes = atOnce(6, () -> {
            try {
                provider().create(spec);
                return "made";
            } catch (SandboxException refused) {
                return refused.code().name();
            }
        });

        assertThat(outcomes).containsOnlyOnce("made").containsOnly("made", "CONFLICT");
        assertThat(sh(provider().find(spec.name()).orElseThrow(), "echo ok")).isEqualTo("ok\n");
    }

    @Test
    void findGivesTheSandboxOfThatName() {
        var spec = TestSpecs.spec();
        make(spec);

        var found = provider().find(spec.name()).orElseThrow();

        assertThat(found.spec()).isEqualTo(spec);
        assertThat(sh(found, "echo found")).isEqualTo("found\n");
    }

    @Test
    void findIsEmptyWhenThereIsDefinitelyNone() {
        assertThat(provider().find(TestSpecs.spec().name())).isEmpty();
    }

    @Test
    void findThrowsWhenItCannotBeKnownAndNeverGuessesNone() {
        var spec = TestSpecs.spec();
        make(spec);
        bed().restart();
        bed().obscure(spec.name());
        try {
            assertThat(catchThrowable(() -> provider().find(spec.name()))).isInstanceOf(SandboxException.class);
        } finally {
            bed().reveal(spec.name());
        }
    }

    @Test
    void aSandboxThatOnlyLiesOnDiskIsFoundAsItIsAndStartedByItsFirstCommand() {
        var spec = TestSpecs.spec();
        write(make(spec), "dir/kept", "still here");

        bed().restart();

        var found = provider().find(spec.name()).orElseThrow();
        assertThat(found.spec()).isEqualTo(spec);
        assertThat(provider().list()).contains(spec);
        assertThat(bed().hasProcesses(spec.name())).as("find starts nothing").isFalse();
        assertThat(sh(found, "cat dir/kept")).isEqualTo("still here");
    }

    @Test
    void manyFirstCommandsOfASandboxThatOnlyLiesOnDiskAllRun() throws Exception {
        var spec = TestSpecs.spec();
        make(spec);
        bed().restart();

        var answers = atOnce(8, () -> sh(provider().find(spec.name()).orElseThrow(), "echo one"));

        assertThat(answers).hasSize(8).containsOnly("one\n");
    }

    @Test
    void deleteEndsEverythingInTheSandbox() throws Exception {
        var spec = TestSpecs.spec();
        var sandbox = make(spec);
        sh(sandbox, "trap '' TERM HUP; setsid sleep 300 > /dev/null 2>&1 < /dev/null &");
        var running = start(sandbox, script("trap '' TERM; echo begun; sleep 300"));
        readExactly(running.stdout(), 6);

        provider().delete(spec.name());

        assertThat(bed().hasProcesses(spec.name())).isFalse();
        eventually("the command's exit completes", () -> running.exit().isDone());
    }

    @Test
    void deleteRemovesTheFiles() {
        var spec = TestSpecs.spec();
        write(make(spec), "old", "x");

        provider().delete(spec.name());

        assertThat(provider().find(spec.name())).isEmpty();
        assertThat(provider().list()).extracting(SandboxSpec::name).doesNotContain(spec.name());
        assertThat(names(make(spec), "/workspace")).isEmpty();
    }

    @Test
    void deleteTakesTreesThatAreHardToRemove() {
        var spec = TestSpecs.spec();
        sh(make(spec), "mkdir -p a/b/c && touch a/b/c/f && ln -s / a/root && mkfifo a/fifo && chmod 000 a/b/c a/b");

        assertThat(provider().delete(spec.name())).isTrue();

        assertThat(names(make(spec), "/workspace")).isEmpty();
    }

    @Test
    void deleteReturnsWhetherThereWasOneAndCallingItAgainIsHarmless() {
        var spec = TestSpecs.spec();
        make(spec);

        assertThat(provider().delete(spec.name())).isTrue();
        assertThat(provider().delete(spec.name())).isFalse();
        assertThat(provider().delete(TestSpecs.spec().name())).isFalse();
    }

    @Test
    void deleteTakesASandboxThatOnlyLiesOnDisk() {
        var spec = TestSpecs.spec();
        make(spec);
        bed().restart();

        assertThat(provider().delete(spec.name())).isTrue();
        assertThat(provider().find(spec.name())).isEmpty();
        bed().restart();
        assertThat(provider().find(spec.name())).isEmpty();
    }

    @Test
    void ofManyDeletesAtOnceOneFindsTheSandbox() throws Exception {
        var spec = TestSpecs.spec();
        make(spec);

        assertThat(atOnce(6, () -> provider().delete(spec.name()))).containsOnlyOnce(true);
    }

    @Test
    void exitCompletesExceptionallyOrTellsTheKillWhenTheSandboxIsDeletedUnderACommand() throws Exception {
        var spec = TestSpecs.spec();
        var running = start(make(spec), command("sleep", "300"));

        provider().delete(spec.name());

        try {
            assertThat(running.exit().get(SOON.toMillis(), TimeUnit.MILLISECONDS))
                    .isEqualTo(ExitStatus.killed(9));
        } catch (ExecutionException unknown) {
            assertThat(unknown.getCause()).isInstanceOf(SandboxException.class);
        }
        assertThat(soon(async(() -> running.stdout().read()))).isEqualTo(-1);
        running.signal(Signal.TERM);
        running.kill();
        running.close();
    }

    @Test
    void aHandleOfADeletedSandboxFailsWithSandboxNotFound() {
        var spec = TestSpecs.spec();
        var handle = make(spec);
        provider().delete(spec.name());

        var gone = ErrorCode.SANDBOX_NOT_FOUND;
        assertThat(codeOf(() -> handle.start(command("true")))).isEqualTo(gone);
        assertThat(codeOf(() -> handle.files().stat(path("/workspace"), true))).isEqualTo(gone);
        assertThat(codeOf(() -> write(handle, "f", "x"))).isEqualTo(gone);
        assertThat(codeOf(() -> handle.files().delete(path("f"), true))).isEqualTo(gone);
        assertThat(codeOf(() -> handle.update(Map.of(), "s", spec.expiresAt()))).isEqualTo(gone);
        assertThat(provider().find(spec.name())).as("nothing came back").isEmpty();
    }

    @Test
    void listGivesAllSandboxesExpiredOnesIncluded() {
        var one = TestSpecs.spec();
        var two = TestSpecs.spec();
        make(one);
        var past = Instant.now().truncatedTo(ChronoUnit.MILLIS).minusSeconds(3600);
        make(two.with(two.labels(), two.state(), past));

        assertThat(provider().list()).contains(one, two.with(two.labels(), two.state(), past));
    }

    @Test
    void updateReplacesLabelsStateAndExpiry() {
        var spec = TestSpecs.spec();
        var handle = make(spec);
        var expiry = spec.expiresAt().plusSeconds(99);

        handle.update(Map.of("only", "this"), "new state", expiry);

        var updated = spec.with(Map.of("only", "this"), "new state", expiry);
        assertThat(handle.spec()).isEqualTo(updated);
        assertThat(provider().find(spec.name()).orElseThrow().spec()).isEqualTo(updated);
        assertThat(provider().list()).contains(updated).doesNotContain(spec);
    }

    @Test
    void anOlderHandleTellsWhatWasUpdatedThroughAnother() {
        var spec = TestSpecs.spec();
        var handle = make(spec);

        provider().find(spec.name()).orElseThrow().update(Map.of("a", "b"), "newer", spec.expiresAt());

        assertThat(handle.spec()).isEqualTo(spec.with(Map.of("a", "b"), "newer", spec.expiresAt()));
    }

    @Test
    void updateIsDurableWhenItReturns() {
        var spec = TestSpecs.spec();
        var expiry = spec.expiresAt().plusSeconds(7);
        make(spec).update(Map.of("k", "v"), "kept state", expiry);

        bed().restart();

        assertThat(provider().find(spec.name()).orElseThrow().spec())
                .isEqualTo(spec.with(Map.of("k", "v"), "kept state", expiry));
    }

    @Test
    void aSandboxWithoutAliasAndLabelsIsGivenBackUnchanged() {
        var given = TestSpecs.spec();
        var spec = new SandboxSpec(
                given.name(),
                given.id(),
                given.owner(),
                given.profile(),
                null,
                null,
                Network.NONE,
                given.limits(),
                Map.of(),
                "",
                given.createdAt(),
                given.expiresAt());
        make(spec);

        bed().restart();

        assertThat(provider().find(spec.name()).orElseThrow().spec()).isEqualTo(spec);
    }

    @Test
    void closeLetsGoOfEverythingAndRunningSandboxesEnd() {
        assumeTrue(bed().offers().contains(TestBed.Offer.ENDS_WITH_SERVICE), "sandboxes live elsewhere");
        var spec = TestSpecs.spec();
        sh(make(spec), "setsid sleep 300 > /dev/null 2>&1 < /dev/null &");

        bed().restart();

        assertThat(bed().hasProcesses(spec.name())).isFalse();
    }

    @Test
    void twentySandboxesAtOnceAreMadeUsedAndDeletedEachForItself() throws Exception {
        var answers = atOnce(20, () -> {
            var spec = TestSpecs.spec();
            var sandbox = make(spec);
            write(sandbox, "who", spec.name().text());
            var own = sh(sandbox, "cat who").equals(spec.name().text());
            return own
                    && names(sandbox, "/workspace").equals(List.of("who"))
                    && provider().delete(spec.name());
        });

        assertThat(answers).hasSize(20).containsOnly(true);
    }

    @Test
    void limitReachedIsEmptyWhenNoLimitEndedAProcess() {
        var sandbox = make();

        assertThat(run(sandbox, script("kill -KILL $$")).status()).isEqualTo(ExitStatus.killed(9));

        assertThat(sandbox.limitReached()).isEmpty();
    }
}
