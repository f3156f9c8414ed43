package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.process.RunningCommand;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Starting and feeding commands: {@link SandboxHandle#start}, {@link Command}, {@link RunningCommand#stdin}. */
public abstract class CommandContract extends ContractSuite {
    @Test
    void argumentsArriveAsTheProgramReceivesThem() {
        var arguments = List.of(
                "",
                " ",
                "a  b",
                "it's",
                "\"",
                "\\",
                "\n\nline\n",
                "\t",
                "$HOME",
                "`id`",
                "*",
                "-n",
                "--",
                "ä€😀",
                "a=b");
        var argv = new ArrayList<>(List.of("sh", "-c", "for a; do printf '%s\\0' \"$a\"; done", "sh"));
        argv.addAll(arguments);

        Ran ran = run(make(), command(argv.toArray(String[]::new)));

        assertThat(ran.text()).isEqualTo(String.join("\0", arguments) + "\0");
    }

    @Test
    void theLongestArgumentThatLinuxTakesArrives() {
        Ran ran = run(make(), command("sh", "-c", "printf %s \"$1\" | wc -c", "sh", "a".repeat((128 << 10) - 1)));

        assertThat(ran.text().strip()).isEqualTo("131071");
    }

    @Test
    void fiveThousandArgumentsArrive() {
        var argv = new ArrayList<>(List.of("sh", "-c", "echo $#", "sh"));
        for (int i = 0; i < 5000; i++) {
            argv.add("argument-" + i);
        }

        assertThat(run(make(), command(argv.toArray(String[]::new))).text()).isEqualTo("5000\n");
    }

    @Test
    void anArgumentThatLinuxDoesNotTakeIsAnErrorAndLeavesTheSandboxUsable() {
        var sandbox = make();
        try {
            Ran ran = run(sandbox, command("true", "a".repeat(128 << 10)));
            assertThat(ran.status()).isEqualTo(ExitStatus.exited(126));
        } catch (SandboxException refused) {
            assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
        }
        assertThat(sh(sandbox, "echo ok")).isEqualTo("ok\n");
    }

    @Test
    void environmentIsAddedToAndWinsOverWhatTheSandboxSetsItself() {
        var values = Map.of("GREETING", "a 'b' \"c\"\n$d=", "HOME", "/nowhere", "EMPTY", "");
        var command = new Command(
                List.of("sh", "-c", "printf '%s|%s|%s|%s' \"$GREETING\" \"$HOME\" \"${EMPTY-unset}\" \"${PATH:+set}\""),
                "/workspace",
                values,
                null,
                false);

        assertThat(run(make(), command).text()).isEqualTo("a 'b' \"c\"\n$d=|/nowhere||set");
    }

    @Test
    void theServicesOwnEnvironmentDoesNotReachACommand() {
        String seen = sh(make(), "env");

        for (String name : List.of("JAVA_HOME", "MAVEN_OPTS", "MAVEN_CMD_LINE_ARGS", "SANDBRIDGE_KEY")) {
            assertThat(seen).doesNotContain(name + "=");
        }
    }

    @Test
    void theFirstArgumentIsLookedUpInTheEnvironmentsPath() {
        var sandbox = make();
        write(sandbox, "tools/greet", "#!/bin/sh\necho from tools\n", 0755);

        Ran ran = run(
                sandbox,
                new Command(List.of("greet"), "/workspace", Map.of("PATH", "tools:/usr/bin:/bin"), null, false));

        assertThat(ran.text()).isEqualTo("from tools\n");
    }

    /** As execvp does: an empty PATH is one empty element, and an empty element is the working directory. */
    @Test
    void anEmptyElementOfThePathIsTheWorkingDirectory() {
        var sandbox = make();
        write(sandbox, "tools/greet", "#!/bin/sh\necho from tools\n", 0755);

        for (String path : List.of("", ":", ":/usr/bin", "/nowhere:", "/nowhere::/usr/bin")) {
            Ran ran =
                    run(sandbox, new Command(List.of("greet"), "/workspace/tools", Map.of("PATH", path), null, false));
            assertThat(ran.text()).as(path).isEqualTo("from tools\n");
        }
    }

    /** The words are those of the local provider's own work on files, which must never be had by a command. */
    @Test
    void aCommandThatIsNotFoundIsNothingElseWhateverItsPathAndWords() {
        var sandbox = make();
        write(sandbox, "kept", "x");

        for (String path : List.of("", ":", "/nowhere")) {
            for (var argv : List.of(
                    List.of("delete", "/workspace/kept", "0"),
                    List.of("stat", "/workspace/kept"),
                    List.of("list", "/workspace"),
                    List.of(""))) {
                Ran ran = run(sandbox, new Command(argv, "/workspace", Map.of("PATH", path), null, false));
                assertThat(ran.status()).as(argv + " in " + path).isEqualTo(ExitStatus.exited(127));
                assertThat(ran.text()).isEmpty();
            }
        }
        assertThat(exists(sandbox, "kept")).isTrue();
    }

    @Test
    void directoryIsTheWorkingDirectory() {
        var sandbox = make();
        write(sandbox, "deep/er/file", "x");

        run(
                sandbox,
                new Command(List.of("sh", "-c", "cat file > ../copy"), "/workspace/deep/er", Map.of(), null, false));

        assertThat(read(sandbox, "deep/copy")).isEqualTo("x");
    }

    @Test
    void aProgramThatDoesNotExistIsExitStatus127() {
        var sandbox = make();

        assertThat(run(sandbox, command("no-such-program-xyz")).status()).isEqualTo(ExitStatus.exited(127));
        assertThat(run(sandbox, command("./missing")).status()).isEqualTo(ExitStatus.exited(127));
        assertThat(run(sandbox, command("")).status()).isEqualTo(ExitStatus.exited(127));
    }

    @Test
    void aProgramThatCannotBeRunIsExitStatus126() {
        var sandbox = make();
        write(sandbox, "plain", "#!/bin/sh\n", 0644);

        assertThat(run(sandbox, command("./plain")).status()).isEqualTo(ExitStatus.exited(126));
        assertThat(run(sandbox, command("/usr")).status()).isEqualTo(ExitStatus.exited(126));
    }

    @Test
    void anUnknownWorkingDirectoryIsAnInvalidRequest() {
        var sandbox = make();
        write(sandbox, "file", "x");

        for (String directory : List.of("/workspace/none", "/workspace/file", "/workspace/file/x")) {
            assertThat(codeOf(() -> start(sandbox, new Command(List.of("true"), directory, Map.of(), null, false))))
                    .as(directory)
                    .isEqualTo(ErrorCode.INVALID_REQUEST);
        }
    }

    @Test
    void anUnknownUserIsAnInvalidRequestOrUsersAreNotOffered() {
        var expected = bed().offers().contains(TestBed.Offer.USERS)
                ? ErrorCode.INVALID_REQUEST
                : ErrorCode.CAPABILITY_UNAVAILABLE;
        var sandbox = make();

        assertThat(codeOf(() ->
                        start(sandbox, new Command(List.of("true"), "/workspace", Map.of(), "no-such-user", false))))
                .isEqualTo(expected);
    }

    @Test
    void userNamesWhoRunsTheCommand() {
        assumeTrue(bed().offers().contains(TestBed.Offer.USERS), "users are not offered");
        var sandbox = make();

        for (String user : List.of("nobody", "65534:65534")) {
            Ran ran = run(sandbox, new Command(List.of("id", "-u"), "/workspace", Map.of(), user, false));
            assertThat(ran.text()).as(user).isEqualTo("65534\n");
        }
    }

    @Test
    void withoutStdinTheCommandReadsTheEndAtOnce() {
        Ran ran = run(make(), command("cat"));

        assertThat(ran.status()).isEqualTo(ExitStatus.exited(0));
        assertThat(ran.stdout()).isEmpty();
    }

    @Test
    void withoutStdinThereIsNothingToWriteTo() {
        var running = start(make(), command("sleep", "300"));

        assertThatThrownBy(() -> {
                    running.stdin().write(1);
                    running.stdin().flush();
                })
                .isInstanceOf(IOException.class);
    }

    @Test
    void stdinIsPassedOnExactly() throws Exception {
        var bytes = new byte[3 << 20];
        new Random(7).nextBytes(bytes);
        var running = start(make(), piped("cat"));
        var output = async(() -> running.stdout().readAllBytes());

        try (var stdin = running.stdin()) {
            stdin.write(bytes);
        }

        assertThat(soon(output)).isEqualTo(bytes);
        assertThat(soon(running.exit())).isEqualTo(ExitStatus.exited(0));
    }

    @Test
    void closingStdinIsTheEndOfInputAndNotBefore() throws Exception {
        var running = start(make(), piped("sh", "-c", "cat; echo end"));
        running.stdin().write("first ".getBytes(UTF_8));
        running.stdin().flush();
        assertThat(new String(readExactly(running.stdout(), 6), UTF_8)).isEqualTo("first ");

        running.stdin().close();

        assertThat(new String(running.stdout().readAllBytes(), UTF_8)).isEqualTo("end\n");
    }

    @Test
    void writingToACommandThatHasEndedFails() {
        var running = start(make(), piped("true"));
        soon(running.exit());

        assertThatThrownBy(() -> {
                    for (int i = 0; i < 100; i++) {
                        running.stdin().write(new byte[64 * 1024]);
                        running.stdin().flush();
                    }
                })
                .isInstanceOf(IOException.class);
    }

    @Test
    void interruptingAThreadThatWaitsToWriteEndsItsWait() throws Exception {
        var running = start(make(), piped("sleep", "300"));
        var failure = new CompletableFuture<Throwable>();
        Thread writer = Thread.ofVirtual()
                .start(() -> failure.complete(catchThrowable(() -> {
                    running.stdin().write(new byte[4 << 20]);
                    running.stdin().flush();
                })));
        eventually("it waits", () -> writer.getState() == Thread.State.WAITING);

        writer.interrupt();

        assertThat(soon(failure)).isInstanceOf(IOException.class);
        assertThat(running.exit()).isNotDone();
    }

    @Test
    void pidIsTheProcessIdInsideTheSandbox() throws Exception {
        var running = start(make(), script("echo $$; sleep 300"));
        var line = new StringBuilder();
        for (int c = running.stdout().read(); c != '\n'; c = running.stdout().read()) {
            line.append((char) c);
        }

        assertThat(line.toString()).isEqualTo(Integer.toString(running.pid()));
    }

    @Test
    void startIsRefusedAtTheProcessLimitAndWorksAgainBelowIt() {
        assumeTrue(bed().offers().contains(TestBed.Offer.PROCESS_LIMIT), "the process limit is not held");
        var sandbox = make(TestSpecs.withProcesses(TestSpecs.spec(), 16));
        var running = new ArrayList<RunningCommand>();

        assertThat(codeOf(() -> {
                    for (int i = 0; i < 40; i++) {
                        running.add(start(sandbox, command("sleep", "300")));
                    }
                }))
                .isEqualTo(ErrorCode.CAPACITY_EXCEEDED);

        running.forEach(RunningCommand::kill);
        assertThat(sh(sandbox, "echo fine")).isEqualTo("fine\n");
    }

    @Test
    void commandsOfOneSandboxRunAtTheSameTime() throws Exception {
        var sandbox = make();
        var waiting = new ArrayList<RunningCommand>();
        for (int i = 0; i < 12; i++) {
            waiting.add(start(sandbox, piped("cat")));
        }

        for (RunningCommand command : waiting) {
            command.stdin().write('x');
            command.stdin().close();
            assertThat(soon(async(() -> command.stdout().readAllBytes()))).containsExactly('x');
            assertThat(soon(command.exit())).isEqualTo(ExitStatus.exited(0));
        }
    }

    @Test
    void manyThreadsStartCommandsAtOnce() throws Exception {
        var sandbox = make();

        assertThat(atOnce(24, () -> run(sandbox, script("echo o; echo e >&2; exit 3"))))
                .hasSize(24)
                .allSatisfy(ran -> {
                    assertThat(ran.status()).isEqualTo(ExitStatus.exited(3));
                    assertThat(ran.text()).isEqualTo("o\n");
                    assertThat(ran.stderr()).isEqualTo("e\n".getBytes(UTF_8));
                });
    }
}
