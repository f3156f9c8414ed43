package dev.sandbridge.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs command lines with the machine's own shell. */
@Timeout(60)
class LongScriptTest {
    private static final String TEXT = "tab\tquote\"dollar$HOME `x` \\ é€😀 \n".repeat(8_000);

    @Test
    void textOfAnyLengthRunsExactly() throws Exception {
        var ran = run("cat << 'END'\n" + TEXT + "END\nexit 7");

        assertThat(ran.output()).isEqualTo(TEXT);
        assertThat(ran.code()).isEqualTo(7);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sh -lc", "/bin/sh -c", "bash -c", "/bin/bash -lc", "env A=b sh -c"})
    void longTextForAnotherShellRunsExactly(String shell) throws Exception {
        var ran = run(shell + " 'cat << \"END\"\n" + TEXT + "END\necho \"$# $A\"; exit 7'");

        assertThat(ran.output()).isEqualTo(TEXT + (shell.startsWith("env") ? "0 b\n" : "0 \n"));
        assertThat(ran.code()).isEqualTo(7);
    }

    @Test
    void whatIsShortInALongTextIsLeftAlone() throws Exception {
        var ran = run("sh -c 'echo \"$0 $1\"' zero one; env A=b sh -c 'echo $A'; : '" + TEXT + "'; sh -c 'exit 9'");

        assertThat(ran.output()).isEqualTo("zero one\nb\n");
        assertThat(ran.code()).isEqualTo(9);
    }

    @Test
    void shortTextIsGivenAsItIs() {
        assertThat(LongScript.line("exit 7")).containsExactly("bash", "-c", "exit 7");
    }

    private record Ran(int code, String output) {}

    private static Ran run(String script) throws IOException, InterruptedException {
        var line = LongScript.line(script);
        assertThat(line)
                .allSatisfy(argument -> assertThat(argument.getBytes(UTF_8)).hasSizeLessThan(128 * 1024));
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        var output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return new Ran(process.exitValue(), output);
    }
}
